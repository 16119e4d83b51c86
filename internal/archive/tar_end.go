package archive

import (
	"errors"
	"io"

	"github.com/stellaops/stella/internal/archive/tarend"
	"github.com/stellaops/stella/internal/fault"
)

// maxEmptyTar bounds an archive without members, in bytes. Nothing but its length tells it
// from any other file of zeros, and no tar pads to more without being asked to.
const maxEmptyTar = 1 << 20

// IsEmptyTar reports whether r holds a tar archive without members: its end, padding up to
// 1 MiB in all, and nothing else. It reads no further than tells so. Recognise does not know
// such a file.
func IsEmptyTar(r io.Reader) (bool, error) {
	buf := make([]byte, 32<<10)
	for size := 0; ; {
		n, err := r.Read(buf)
		size += n
		switch {
		case !tarend.IsZero(buf[:n]), size > maxEmptyTar:
			return false, nil
		case errors.Is(err, io.EOF):
			return size >= tarend.Size, nil
		case err != nil:
			return false, err
		}
	}
}

// emptyOrNone is ErrNotArchive unless a compressed file holds an archive without members.
func emptyOrNone(r io.Reader) error {
	empty, err := IsEmptyTar(r)
	if err == nil && !empty {
		err = ErrNotArchive
	}
	return err
}

// badEnd gives a reason to what is wrong with the end of a tar archive.
func badEnd(err error) error {
	switch {
	case errors.Is(err, tarend.ErrMissing):
		return fault.Wrap(fault.ArchiveMalformed, ErrTruncated, "%s", err).
			WithHint("copy it anew, or have it made anew by a program that ends it")
	case errors.Is(err, tarend.ErrBehind):
		return moreBehind()
	}
	return err
}

func moreBehind() error { return malformed("%s", tarend.ErrBehind) }
