package gather

import (
	"errors"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// keep is where pieces go that can be read only once and are wanted again: a
// temporary file that nobody else can open.
type keep struct {
	scratch *input.Scratch
	end     int64
	buf     []byte // of keepBuffer
}

// keepBuffer is how much of a piece is written at once, in bytes.
const keepBuffer = 32 << 10

// keeper returns the inputs' keep.
func (in *Inputs) keeper() (*keep, error) {
	if in.keep != nil {
		return in.keep, nil
	}
	scratch, err := input.NewScratch("what is verified")
	if err != nil {
		return nil, err
	}
	in.keep = &keep{scratch: scratch, buf: make([]byte, keepBuffer)}
	return in.keep, nil
}

// put keeps what r gives, to its end.
func (k *keep) put(r io.Reader) (verify.Place, error) {
	n, err := k.copy(r)
	switch {
	case err != nil && fault.ReasonOf(err) == fault.Internal:
		return verify.Place{}, input.KeepFailed("what is verified", err)
	case err != nil:
		return verify.Place{}, err // of what is kept
	}
	place := verify.Place{Kept: true, Off: k.end, Size: n}
	k.end += n
	return place, nil
}

// copy writes what r gives behind what is kept. io.Copy would make a buffer for each piece, and
// write each part of it that r gives by itself.
func (k *keep) copy(r io.Reader) (size int64, err error) {
	for err == nil {
		n := 0
		for n < len(k.buf) && err == nil {
			var more int
			more, err = r.Read(k.buf[n:])
			n += more
		}
		if _, failed := k.scratch.WriteAt(k.buf[:n], k.end+size); failed != nil {
			return size, failed
		}
		size += int64(n)
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return size, err
}

// open returns what is kept at a piece's place.
func (k *keep) open(p *verify.Piece) (*input.File, error) {
	return input.FromReaderAt(p.Name, io.NewSectionReader(k.scratch, p.Place.Off, p.Place.Size), p.Place.Size), nil
}

func (k *keep) close() error { return k.scratch.Close() }
