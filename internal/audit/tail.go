package audit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// maxGroup bounds what is written before an fsync, in bytes. So a crash damages
// at most the last maxGroup bytes of a log.
const maxGroup = 1 << 20

// tail is what a writer finds at the end of a segment.
type tail struct {
	head Head
	end  int64 // bytes of whole records
	// torn is what stands after them, the unfinished end of a write.
	torn []byte
}

// errNoRecord says that a segment does not hold records where they should be.
var errNoRecord = errors.New("it holds no records where they should be")

// readTail reads f from an offset at which the log ended in head, and holds
// every record from there on to the chain.
func readTail(f io.ReaderAt, from, size int64, head Head) (tail, error) {
	b, err := readRange(f, from, size)
	if err != nil {
		return tail{}, err
	}
	t := tail{head: head, end: from}
	return t, t.walk(b)
}

// findTail reads the end of a segment of which nothing is known, and only as much
// as a crash can have damaged. The chain is picked up at the first whole record.
func findTail(f io.ReaderAt, size int64) (tail, error) {
	from := max(0, size-maxGroup-2*MaxLine)
	b, err := readRange(f, from, size)
	if err != nil {
		return tail{}, err
	}
	start := 0
	if from > 0 {
		start = bytes.IndexByte(b, '\n') + 1
	}
	line := lineAt(b[start:])
	seq, _, ok := link(line)
	if !ok {
		return tail{}, errNoRecord
	}
	t := tail{head: Head{Size: seq, Hash: sha256.Sum256(line)}, end: from + int64(start+len(line))}
	return t, t.walk(b[start+len(line):])
}

func readRange(f io.ReaderAt, from, to int64) ([]byte, error) {
	b := make([]byte, to-from)
	if n, err := f.ReadAt(b, from); n < len(b) {
		return nil, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	return b, nil
}

// lineAt returns the line that b begins with, with its line feed, and nil if it
// has none.
func lineAt(b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }

// walk takes in the records in b. What does not continue the chain is torn if it
// looks like a write that was cut off; else somebody changed it.
func (t *tail) walk(b []byte) error {
	for len(b) > 0 {
		line := lineAt(b)
		if !follows(t.head, line) || bytes.IndexByte(line, 0) >= 0 {
			break
		}
		t.head = t.head.Next(line)
		t.end += int64(len(line))
		b = b[len(line):]
	}
	if len(b) == 0 {
		return nil
	}
	if len(b) > maxGroup || !isTorn(b) {
		return fmt.Errorf("the line after record %d does not continue it", t.head.Size)
	}
	t.torn = b
	return nil
}

// isTorn reports whether b, which follows the last record, looks like what a
// crash left of a write: the last line has no end, or there are zeros where the
// file system had no time to put data.
func isTorn(b []byte) bool {
	return b[0] != '\n' && (b[len(b)-1] != '\n' || bytes.IndexByte(b, 0) >= 0)
}

// recovery is the record that takes the place of the torn end.
func (t *tail) recovery() Entry {
	e := aboutLog(fmt.Sprintf("%d bytes of a write that was cut off were removed; no signature of theirs was released", len(t.torn)))
	sum := sha256.Sum256(t.torn)
	e.PayloadSHA256 = hex.EncodeToString(sum[:])
	return e
}

// aboutLog is the entry of a record that the log makes about itself.
func aboutLog(note string) Entry {
	return Entry{
		Request: Request{Operation: "audit", Entitlement: "n/a"},
		Outcome: Outcome{Decision: Recovered, Note: note},
	}
}
