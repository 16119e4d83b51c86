package forensic

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/forensic/timeline"
)

// notebook is an observer.
type notebook struct {
	entries     map[string]EntryStatus
	names       map[string]string
	events      []uint64
	checkpoints []string
	results     *seen
	late        bool // something came after a result
}

var _ Observer = (*notebook)(nil)

// Entry implements Observer.
func (n *notebook) Entry(e *Entry, s EntryStatus) error {
	n.late = n.late || len(n.results.results) > 0
	if _, again := n.entries[e.Path]; again {
		return fmt.Errorf("%s is told twice", e.Path)
	}
	n.entries[e.Path] = s
	n.names[e.Path] = e.Name
	return nil
}

// Event implements Observer.
func (n *notebook) Event(e *timeline.Event) error {
	n.late = n.late || len(n.results.results) > 0
	n.events = append(n.events, e.Seq)
	return nil
}

// Checkpoint implements Observer.
func (n *notebook) Checkpoint(c *Checkpoint) error {
	n.checkpoints = append(n.checkpoints, fmt.Sprintf("%s %d %s %v", c.Source, c.Events, c.At.Format("15:04:05"), c.Agrees))
	return nil
}

func (d *desk) observe(text []byte) *notebook {
	d.t.Helper()
	n := &notebook{entries: make(map[string]EntryStatus), names: make(map[string]string), results: &seen{}}
	_, err := Verify(d.t.Context(), archive.ReadTar(bytes.NewReader(text), archive.Gzip), VerifyOptions{Name: "snapshot", Policy: d.policy, Observer: n}, n.results)
	require.NoError(d.t, err)
	assert.False(d.t, n.late, "the observer is told everything before the first result")
	return n
}

func TestObserver(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	m := d.snapshot(d.options(tl), inputs...)

	n := d.observe(m.tar())
	assert.Len(t, n.entries, len(m)-3)
	for path, s := range n.entries {
		assert.Equal(t, EntryAsListed, s, path)
	}
	assert.Equal(t, "evidence/c d.txt", n.names["files/evidence/c_x20d.txt"])
	assert.Equal(t, []uint64{1, 2, 3, 4}, n.events)
	assert.Equal(t, []string{"the manifest 4 09:00:04 true", "timeline.checkpoint 4 09:00:04 true"}, n.checkpoints)

	broken := m.with("files/evidence/app", func(string) string { return "another" }).without("files/evidence/b.txt")
	last := broken[len(broken)-1]
	broken = append(broken[:len(broken)-1], last, member{"files/evidence/more", "more"})
	n = d.observe(broken.tar())
	assert.Equal(t, EntryChanged, n.entries["files/evidence/app"])
	assert.Equal(t, EntryMissing, n.entries["files/evidence/b.txt"])
	assert.Equal(t, EntryUnlisted, n.entries["files/evidence/more"])
	assert.Equal(t, EntryAsListed, n.entries["instructions.txt"])

	i := m.index("files/evidence/app")
	moved := append(append(append(members{}, m[:i]...), m[i+1:]...), m[i])
	assert.Equal(t, EntryMoved, d.observe(moved.tar()).entries["files/evidence/app"])
}

// What stands behind the place where an archive breaks off is missing, each entry.
func TestObserverOfWhatBreaksOff(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	m := d.snapshot(d.options(tl), inputs...)
	n := d.observe(m[:len(m)-3].tar()) // ends early, and well
	count := 0
	for _, s := range n.entries {
		if s == EntryMissing {
			count++
		}
	}
	assert.Equal(t, 3, count)
	text := m.tar()
	n = d.observe(text[:len(text)-200])
	assert.Len(t, n.entries, len(m)-3)
	assert.Contains(t, n.entries, "instructions.txt")
}
