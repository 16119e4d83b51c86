package timeline

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/chain"
)

// tail is what a writer finds at the end of a timeline.
type tail struct {
	head chain.Head
	last Event
	end  int64 // bytes of whole lines
	// torn is what stands after them, the unfinished end of a write.
	torn []byte
}

// findTail reads the end of a timeline, and only as much as a crash can have damaged.
// The chain is picked up at the first whole line there.
func findTail(f io.ReaderAt, size int64) (tail, error) {
	from := max(0, size-maxGroup-2*MaxLine)
	b := make([]byte, size-from)
	if n, err := f.ReadAt(b, from); n < len(b) {
		return tail{}, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	t := tail{end: from}
	if from > 0 {
		start := bytes.IndexByte(b, '\n') + 1
		line := lineAt(b[start:])
		first, err := parseEvent(line)
		if err != nil {
			return tail{}, errors.New("it holds no events where they should be")
		}
		t.take(&first, len(line))
		t.end += int64(start)
		b = b[start+len(line):]
	}
	return t, t.walk(b)
}

// lineAt returns the line that b begins with, with its line feed, and nil if it
// has none.
func lineAt(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }

func (t *tail) take(p *parsed, n int) {
	t.head, t.last = chain.Head{Size: p.Seq, Hash: p.hash}, p.Event
	t.last.Details = nil // it lies in what was read
	t.end += int64(n)
}

// walk takes in the events in b. What does not continue the chain is torn if it
// looks like a write that was cut off; else somebody changed it.
func (t *tail) walk(b []byte) error {
	for len(b) > 0 {
		line := lineAt(b)
		p, err := parseEvent(line)
		if err != nil || p.Seq != t.head.Size+1 || p.Prev != t.head.Hash {
			break
		}
		t.take(&p, len(line))
		b = b[len(line):]
	}
	if len(b) == 0 {
		return nil
	}
	if len(b) > maxGroup || !isTorn(b) {
		return fmt.Errorf("the line after event %d does not continue it", t.head.Size)
	}
	t.torn = bytes.Clone(b)
	return nil
}

// isTorn reports whether b, which follows the last event, looks like what a crash
// left of a write: the last line has no end, or there are zeros where the file system
// had no time to put data.
func isTorn(b []byte) bool {
	return b[0] != '\n' && (b[len(b)-1] != '\n' || bytes.IndexByte(b, 0) >= 0)
}
