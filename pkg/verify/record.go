package verify

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
)

// entry is a piece of evidence that waits for others with the same payload: where
// it is, or why it cannot be read.
type entry struct {
	piece Piece
	line  bundle.Line // of JSON lines
	index int         // of the item in its document
	err   error
}

// Flags of a record.
const (
	flagNamed = 1 << iota
	flagKept
	flagError
)

// appendTo appends the entry's record to b.
func (e *entry) appendTo(b []byte) []byte {
	flags := byte(0)
	for flag, set := range map[byte]bool{flagNamed: e.piece.Named, flagKept: e.piece.Place.Kept, flagError: e.err != nil} {
		if set {
			flags |= flag
		}
	}
	b = append(b, flags)
	for _, n := range []int64{
		int64(e.piece.Line), e.piece.Place.Off, e.piece.Place.Size,
		int64(e.line.Number), e.line.Off, e.line.Size, int64(e.index),
	} {
		b = binary.AppendVarint(b, n)
	}
	b = appendText(b, e.piece.Name)
	b = appendText(b, e.piece.Member)
	if e.err != nil {
		b = appendText(b, string(fault.ReasonOf(e.err)))
		b = appendText(b, e.err.Error())
		b = appendText(b, fault.HintOf(e.err))
		b = appendText(b, pathOf(e.err))
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodeEntry reads a record of this process.
func decodeEntry(b []byte) (entry, error) {
	r := recordReader{b: b}
	var e entry
	flags := r.byte()
	e.piece.Named, e.piece.Place.Kept = flags&flagNamed != 0, flags&flagKept != 0
	e.piece.Line = int(r.number())
	e.piece.Place.Off, e.piece.Place.Size = r.number(), r.number()
	e.line = bundle.Line{Number: int(r.number()), Off: r.number(), Size: r.number()}
	e.index = int(r.number())
	e.piece.Name, e.piece.Member = r.text(), r.text()
	if flags&flagError != 0 {
		err := fault.New(fault.Reason(r.text()), "%s", r.text()).WithHint("%s", r.text())
		if path := r.text(); path != "" {
			err = err.With("path", path)
		}
		e.err = err
	}
	if r.bad || len(r.b) > 0 {
		return entry{}, errors.New("malformed record in a temporary file")
	}
	return e, nil
}

// recordReader takes a record apart. After the first thing that is not there it is
// bad and gives zeros.
type recordReader struct {
	b   []byte
	bad bool
}

func (r *recordReader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *recordReader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *recordReader) number() int64 {
	v, n := binary.Varint(r.b)
	r.skip(n)
	return v
}

func (r *recordReader) text() string {
	size, n := binary.Uvarint(r.b)
	r.skip(n)
	return string(r.take(int(min(size, math.MaxInt32))))
}

// skip passes over a number of n bytes; 0 and less say that there is none.
func (r *recordReader) skip(n int) {
	if n < 1 {
		n = len(r.b) + 1
	}
	r.take(n)
}
