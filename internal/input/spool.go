package input

import (
	"bytes"
	"errors"
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// Spool reads r to its end, as the input called name, into memory or, when that is too
// much, into a temporary file that nobody else can open. More than limit bytes are
// refused.
func Spool(name string, r io.Reader, limit int64) (*File, error) {
	var head bytes.Buffer
	if _, err := io.Copy(&head, io.LimitReader(r, min(spoolInMemory, limit+1))); err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", Display(name))
	}
	if int64(head.Len()) > limit {
		return nil, tooLarge(name, limit)
	}
	if head.Len() < spoolInMemory {
		return FromBytes(name, head.Bytes()), nil
	}
	return Aside(name, io.MultiReader(&head, r), limit)
}

// Aside keeps what r gives in a temporary file that nobody else can open, as the
// input called name. More than limit bytes are refused.
func Aside(name string, r io.Reader, limit int64) (*File, error) {
	scratch, err := NewScratch(Display(name))
	if err != nil {
		return nil, err
	}
	n, err := io.Copy(scratch, io.LimitReader(r, limit+1))
	switch {
	case err != nil && fault.ReasonOf(err) == fault.Internal:
		err = KeepFailed(Display(name), err)
	case err == nil && n > limit:
		err = tooLarge(name, limit)
	case err == nil:
		return &File{name: name, size: n, at: scratch, closer: scratch}, nil
	}
	return nil, errors.Join(err, scratch.Close())
}

// bytesAt is an io.ReaderAt over a slice.
type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
