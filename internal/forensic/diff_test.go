package forensic

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
)

func (m members) opener() Source { return sourceOf(m.tar()) }

func sourceOf(text []byte) Source {
	return Source{"case.tar.gz", func() (archive.Members, io.Closer, error) {
		return archive.ReadTar(bytes.NewReader(text), archive.Gzip), io.NopCloser(nil), nil
	}}
}

func TestDiff(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	old := d.snapshot(d.options(tl), inputs...)
	diff, err := Diff(t.Context(), old.opener(), old.opener())
	require.NoError(t, err)
	assert.True(t, diff.Equal)
	assert.Equal(t, TimelineEqual, diff.Timeline)

	// The case goes on: a file is new, one is gone, one changed, the timeline longer.
	d.write("evidence/app", "the app, patched")
	d.write("evidence/new", "new")
	require.NoError(t, os.Remove(d.path("evidence/b.txt")))
	more := d.path("case.ndjson")
	d.eventsLater(more, `{"n":5}`)
	newer := d.snapshot(d.options(more), inputs...)
	diff, err = Diff(t.Context(), old.opener(), newer.opener())
	require.NoError(t, err)
	assert.False(t, diff.Equal)
	assert.Equal(t, [3]int{1, 1, 1}, [3]int{diff.Added, diff.Removed, diff.Changed})
	var kinds []string
	for _, e := range diff.Entries {
		kinds = append(kinds, e.Kind+" "+e.Path)
	}
	assert.Equal(t, []string{"changed files/evidence/app", "removed files/evidence/b.txt", "added files/evidence/new"}, kinds)
	assert.Equal(t, TimelineExtended, diff.Timeline)
	assert.Equal(t, [2]uint64{4, 5}, diff.Events)
	back, err := Diff(t.Context(), newer.opener(), old.opener())
	require.NoError(t, err)
	assert.Equal(t, TimelineCut, back.Timeline)

	// Another timeline, case and note.
	fork := d.path("fork.ndjson")
	d.events(fork, `{"n":1}`, `{"n":2}`, `{"n":3}`, `{"n":4}`, `{"n":5}`)
	o := d.options(fork)
	o.Case, o.Notes = "CASE-8", nil
	forked := d.snapshot(o, inputs...)
	diff, err = Diff(t.Context(), old.opener(), forked.opener())
	require.NoError(t, err)
	assert.Equal(t, TimelineForked, diff.Timeline)
	assert.Equal(t, []string{"CASE-7", "CASE-8"}, diff.Case)
	assert.True(t, diff.Notes)

	none := d.snapshot(d.options(""), inputs...)
	diff, err = Diff(t.Context(), none.opener(), forked.opener())
	require.NoError(t, err)
	assert.Equal(t, TimelineAdded, diff.Timeline)
	diff, err = Diff(t.Context(), forked.opener(), none.without(SignatureName).opener())
	require.NoError(t, err)
	assert.Equal(t, TimelineRemoved, diff.Timeline)
	assert.Len(t, diff.OldSigner, 1)

	_, err = Diff(t.Context(), old.opener(), members{{"x", "y"}}.opener())
	assert.Equal(t, fault.SnapshotMalformed, fault.ReasonOf(err))
}
