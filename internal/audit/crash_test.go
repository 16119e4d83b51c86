package audit

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
)

// op is one change of a file.
type op struct {
	data     []byte // written at off, nil for a truncation to off
	off      int64
	sync     bool
	released uint64 // records whose Append had returned before
}

// tape is a segment that writes down what is done to it.
type tape struct {
	segment
	ops      []op
	released uint64
}

func (r *tape) open(path string) (segment, error) {
	var err error
	r.segment, err = openSegment(path)
	return r, err
}

func (r *tape) WriteAt(p []byte, off int64) (int, error) {
	r.ops = append(r.ops, op{data: bytes.Clone(p), off: off, released: r.released})
	return r.segment.WriteAt(p, off)
}

func (r *tape) Truncate(size int64) error {
	r.ops = append(r.ops, op{off: size, released: r.released})
	return r.segment.Truncate(size)
}

func (r *tape) Sync() error {
	r.ops = append(r.ops, op{sync: true, released: r.released})
	return nil // the disk of this test is a slice
}

// apply does an operation to what a disk holds.
func (o op) apply(disk []byte) []byte {
	switch {
	case o.sync:
		return disk
	case o.data == nil:
		return disk[:min(int64(len(disk)), o.off)]
	}
	if grow := o.off + int64(len(o.data)) - int64(len(disk)); grow > 0 {
		disk = append(disk, make([]byte, grow)...)
	}
	copy(disk[o.off:], o.data)
	return disk
}

// state is what may be found on the disk after a crash.
type state struct {
	name     string
	disk     []byte
	released uint64
}

// crashes returns what a disk may hold when the machine stops during ops, which
// begin with what start holds: before each operation, with what was not synced
// dropped, written in part, or grown to its size with zeros in place of data.
func crashes(start []byte, ops []op) []state {
	var states []state
	synced, now := bytes.Clone(start), bytes.Clone(start)
	add := func(i int, how string, disk []byte, released uint64) {
		states = append(states, state{fmt.Sprintf("operation %d: %s", i, how), bytes.Clone(disk), released})
	}
	for i, o := range ops {
		add(i, "nothing unsynced", synced, o.released)
		add(i, "all unsynced", now, o.released)
		if o.sync {
			synced = bytes.Clone(now)
		}
		for _, part := range parts(len(o.data)) {
			add(i, fmt.Sprintf("%d bytes", part), op{data: o.data[:part], off: o.off}.apply(bytes.Clone(now)), o.released)
			holes := bytes.Clone(o.data)
			clear(holes[part:])
			add(i, fmt.Sprintf("%d bytes and zeros", part), op{data: holes, off: o.off}.apply(bytes.Clone(now)), o.released)
			holes = bytes.Clone(o.data)
			clear(holes[part : part+(len(holes)-part)/2])
			add(i, fmt.Sprintf("a hole after %d bytes", part), op{data: holes, off: o.off}.apply(bytes.Clone(now)), o.released)
		}
		now = o.apply(now)
	}
	return states
}

// parts are lengths at which a write of n bytes may be cut.
func parts(n int) []int {
	var all []int
	for part := 1; part < n; part += max(1, n/11) {
		all = append(all, part)
	}
	return all
}

// TestCrash stops the machine at every moment of writing a log, and then goes on
// with what is found: no record is missing whose signature was released, the log
// verifies, and a repair is a record of its own. Then it stops the machine again
// at every moment of each repair.
func TestCrash(t *testing.T) {
	path := logPath(t)
	r := &tape{}
	l := openLog(t, path, func(l *Log) { l.openSegment = r.open })
	for _, n := range []int{1, 3, 1, 6} {
		group := make([]Entry, n)
		for i := range group {
			group[i] = entry(i)
		}
		_, err := l.Append(group...)
		require.NoError(t, err)
		r.released += uint64(n)
	}
	require.NoError(t, l.release())

	repaired := 0
	for _, s := range crashes(nil, r.ops) {
		t.Run(s.name, func(t *testing.T) {
			report, repair := recoverLog(t, path, s.disk)
			held(t, s, report)
			torn := chain.IsTorn(s.disk)
			assert.Equal(t, torn, len(report.Recovered) > 0, "%s: a repair is never silent", s.name)
			if len(report.Recovered) == 0 {
				assert.Empty(t, repair.ops, "nothing is changed that needs no repair")
				return
			}
			repaired++
			for _, again := range crashes(s.disk, repair.ops) {
				again.released = s.released
				report, _ := recoverLog(t, path, again.disk)
				held(t, again, report)
				assert.NotEmpty(t, report.Recovered, "%s: a repair is never silent", again.name)
			}
		})
	}
	assert.Greater(t, repaired, 50)
}

// held wants every released record.
func held(t *testing.T, s state, report *Report) {
	t.Helper()
	assert.GreaterOrEqual(t, report.Records-uint64(len(report.Recovered)), s.released, s.name)
}

// recoverLog opens the log at path over a disk that holds b, and returns what it
// finds and what it does.
func recoverLog(t *testing.T, path string, b []byte) (*Report, *tape) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, b, 0o600))
	r := &tape{}
	l := openLog(t, path, func(l *Log) { l.openSegment = r.open })
	require.NoError(t, l.release())
	report := verifyLog(t, path)
	assert.NoError(t, report.Err())
	assert.Zero(t, report.Unfinished)
	return report, r
}
