package chain

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxGroup bounds what is written before an fsync, in bytes. So a crash damages at most
// the last MaxGroup bytes of a file.
const MaxGroup = 1 << 20

// Records says how the records of a file are read.
type Records struct {
	// Name is how messages call one.
	Name string
	// MaxLine bounds the line of a record with its line feed, in bytes.
	MaxLine int
	// Begin is how the line of every record begins.
	Begin string
	// Link reads what a line says of its place: where the chain is after it, and the
	// hash that it has of the record before. What is no record is not ok.
	Link func(line []byte) (at Head, prev Hash, ok bool)
}

// Tail is what a writer finds at the end of a file.
type Tail struct {
	Head Head
	// Last is the last whole record; nil if there was none to read.
	Last []byte
	// End is how many bytes of whole records there are.
	End int64
	// Torn is what stands after them, the unfinished end of a write.
	Torn []byte
}

// ErrNoRecord says that a file does not hold records where they should be.
var ErrNoRecord = errors.New("it holds no records where they should be")

// Find reads the end of a file of which nothing is known: as much as a crash can have
// damaged, and on back to the record that the newest checkpoint was made over, signed,
// which must still be that. The chain is picked up at the first whole record there, or
// where the file begins at what before returns.
func (r *Records) Find(f io.ReaderAt, size int64, signed Head, before func() (Head, error)) (Tail, error) {
	for window := int64(MaxGroup + 2*r.MaxLine); window < size; window *= 4 {
		at, head, err := r.first(f, size-window)
		if err != nil {
			return Tail{}, err
		}
		if signed.Size == 0 || head.Size < signed.Size {
			return r.Read(f, at, size, head, signed)
		}
	}
	head, err := before()
	if err != nil {
		return Tail{}, err
	}
	return r.Read(f, 0, size, head, signed)
}

// first returns where the first record behind an offset begins, and where the chain is
// before it.
func (r *Records) first(f io.ReaderAt, from int64) (at int64, before Head, err error) {
	b := make([]byte, 2*r.MaxLine)
	if n, err := f.ReadAt(b, from); n < len(b) {
		return 0, Head{}, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	start := bytes.IndexByte(b, '\n') + 1
	line := b[start:]
	line = line[:bytes.IndexByte(line, '\n')+1]
	head, prev, ok := r.Link(line)
	if start == 0 || !ok || head.Size == 0 {
		return 0, Head{}, ErrNoRecord
	}
	return from + int64(start), Head{head.Size - 1, prev}, nil
}

// Read reads f from an offset at which the chain is at head, and holds every record from
// there on to it. What does not continue it is torn if it looks like a write that was cut
// off; else somebody changed it. The record that the newest checkpoint was made over, if
// it is among them, must still be signed.
func (r *Records) Read(f io.ReaderAt, from, size int64, head, signed Head) (Tail, error) {
	t := Tail{Head: head, End: from}
	lines := bufio.NewReaderSize(io.NewSectionReader(f, from, size-from), r.MaxLine)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return Tail{}, err
		}
		at, prev, ok := r.Link(line)
		if err != nil || !ok || at.Size != t.Head.Size+1 || prev != t.Head.Hash {
			return t, r.torn(f, &t, size)
		}
		if at.Size == signed.Size && at != signed {
			return Tail{}, fmt.Errorf("its %s %d is not the one of its checkpoint: it was rewritten", r.Name, at.Size)
		}
		t.Head, t.Last, t.End = at, append(t.Last[:0], line...), t.End+int64(len(line))
	}
}

func (r *Records) torn(f io.ReaderAt, t *Tail, size int64) error {
	if t.End == size {
		return nil
	}
	rest := make([]byte, min(size-t.End, MaxGroup))
	if n, err := f.ReadAt(rest, t.End); n < len(rest) {
		return cmp.Or(err, io.ErrUnexpectedEOF)
	}
	if t.End == 0 && !r.Begins(rest) {
		return ErrNoRecord // it is another file, which nobody gave up
	}
	if size-t.End <= MaxGroup {
		t.Torn = rest
	}
	if !IsTorn(t.Torn) {
		return fmt.Errorf("the line after %s %d does not continue it", r.Name, t.Head.Size)
	}
	return nil
}

// Begins reports whether b, with which a file begins, can be of records, or be what a
// crash left of the first of them: a part of it, or zeros.
func (r *Records) Begins(b []byte) bool {
	for i := range min(len(b), len(r.Begin)) {
		if b[i] != r.Begin[i] && b[i] != 0 {
			return false
		}
	}
	return true
}

// IsOther reports whether path names a file that does not begin as these records do, and
// that no checkpoint says was one of them. What is not there, or is no regular file, is
// not: who writes says what is wrong with it.
func (r *Records) IsOther(path string) (bool, error) {
	if _, err := os.Lstat(path + CheckpointSuffix); err == nil {
		return false, nil // whoever writes holds the file to that
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return false, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	begin, err := io.ReadAll(io.LimitReader(f, int64(len(r.Begin))))
	return err == nil && !r.Begins(begin), err
}

// IsTorn reports whether b, which follows the last record, looks like what a crash left
// of a write: the last line has no end, or there are zeros where the file system had no
// time to put data.
func IsTorn(b []byte) bool {
	return len(b) > 0 && b[0] != '\n' && (b[len(b)-1] != '\n' || bytes.IndexByte(b, 0) >= 0)
}
