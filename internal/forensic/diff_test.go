package forensic

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
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

// kindsOf returns the entries that differ, each with how.
func kindsOf(d *Difference) (kinds []string) {
	for _, e := range d.Entries {
		kinds = append(kinds, e.Kind+" "+e.Path)
	}
	return kinds
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
	assert.Equal(t, [3]int{1, 1, 2}, [3]int{diff.Added, diff.Removed, diff.Changed})
	assert.Equal(t, []string{"changed timeline.checkpoint", "changed files/evidence/app", "removed files/evidence/b.txt", "added files/evidence/new"}, kindsOf(diff))
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

// TestDiffSaysAllThatManifestsSay has manifests that differ in one thing alone.
func TestDiffSaysAllThatManifestsSay(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	text := good[good.index(ManifestName)].content
	// another returns the snapshot with another digest for a file in its manifest.
	another := func(m members, path string) members {
		return m.with(ManifestName, func(s string) string {
			at := strings.Index(s, `"canonicalPath":"`+path+`"`)
			require.Positive(t, at)
			const digest = `"sha256":"`
			at += strings.Index(s[at:], digest) + len(digest)
			return s[:at] + strings.Repeat("0", 64) + s[at+64:]
		})
	}
	replaced := func(old, by string) members {
		require.Contains(t, text, old)
		return good.with(ManifestName, func(s string) string { return strings.Replace(s, old, by, 1) })
	}
	head := regexp.MustCompile(`"timeline":\{[^}]*\},`)
	headless := good.with(ManifestName, func(s string) string { return head.ReplaceAllString(s, "") })
	require.NotEqual(t, good, headless)
	for name, tt := range map[string]struct {
		old, new members
		changed  []string
		members  []string
		timeline string
	}{
		"nothing":                {good, good, nil, nil, TimelineEqual},
		"nothing without a head": {headless, headless, nil, nil, TimelineNone},
		"the timeline's key":     {good, another(good, timelineKeyName), []string{timelineKeyName}, nil, TimelineEqual},
		"the checkpoint":         {good, another(good, checkpointName), []string{checkpointName}, nil, TimelineEqual},
		"the timeline, one head": {good, another(good, timelineName), []string{timelineName}, nil, TimelineEqual},
		"the timeline, no head":  {headless, another(headless, timelineName), []string{timelineName}, nil, TimelineNone},
		"a size":                 {good, replaced(`"sizeBytes":5,`, `"sizeBytes":6,`), []string{"files/evidence/c_x20d.txt"}, nil, TimelineEqual},
		"a name":                 {good, replaced(`"name":"evidence/c d.txt"`, `"name":"evidence/c+d.txt"`), []string{"files/evidence/c_x20d.txt"}, nil, TimelineEqual},
		"the tenant":             {good, replaced(unknownTenant, strings.Replace(unknownTenant, "0", "1", 1)), nil, []string{"tenantId"}, TimelineEqual},
		"the kind":               {good, replaced(`"kind":"export"`, `"kind":"job"`), nil, []string{"kind"}, TimelineEqual},
	} {
		t.Run(name, func(t *testing.T) {
			diff, err := Diff(t.Context(), tt.old.opener(), tt.new.opener())
			require.NoError(t, err)
			var changed []string
			for _, e := range diff.Entries {
				assert.Equal(t, Changed, e.Kind)
				changed = append(changed, e.Path)
			}
			assert.Equal(t, tt.changed, changed)
			assert.Len(t, changed, diff.Changed)
			assert.Equal(t, tt.members, diff.Members)
			assert.Equal(t, tt.timeline, diff.Timeline)
			assert.Equal(t, tt.changed == nil && tt.members == nil, diff.Equal)
		})
	}
}
