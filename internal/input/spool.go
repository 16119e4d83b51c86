package input

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/stellaops/stella/internal/fault"
)

// spool reads r to its end into memory or, when that is too much, into a
// temporary file that nobody else can open.
func spool(r io.Reader, limit int64) (*File, error) {
	var head bytes.Buffer
	if _, err := io.Copy(&head, io.LimitReader(r, min(spoolInMemory, limit+1))); err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read standard input")
	}
	if int64(head.Len()) > limit {
		return nil, tooLarge("-", limit)
	}
	if head.Len() < spoolInMemory {
		return FromBytes("-", head.Bytes()), nil
	}
	return spoolToFile(io.MultiReader(&head, r), limit)
}

func spoolToFile(r io.Reader, limit int64) (*File, error) {
	file, err := os.CreateTemp("", "stella-stdin-*")
	if err != nil {
		return nil, keepFailed(err)
	}
	// Unlinked at once: nobody can swap it, and an interrupt leaves nothing.
	// Windows cannot remove an open file; there it stays until Close.
	removed := os.Remove(file.Name()) == nil
	n, err := io.Copy(file, io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = tooLarge("-", limit)
	} else if err != nil {
		err = keepFailed(err)
	}
	if err != nil {
		file.Close()
		if !removed {
			os.Remove(file.Name())
		}
		return nil, err
	}
	return &File{name: "-", size: n, at: file, file: file, remove: !removed}, nil
}

// keepFailed is the fault for an input that cannot be kept aside.
func keepFailed(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the temporary file's name is of no use to anybody
	}
	return fault.Wrap(fault.InputUnreadable, err, "failed to keep standard input in a temporary file").
		WithHint("free some space, put the directory for temporary files elsewhere with TMPDIR, or name a file")
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
