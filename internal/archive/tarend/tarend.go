// Package tarend judges how a tar archive ends. The reader of archive/tar takes one that
// breaks off between two members, or within its end, for a whole one, and does not look at
// what follows the end; programs differ in both.
//
// An archive ends with two blocks of zeros (POSIX.1-2024, pax, "ustar Interchange Format"),
// and behind them is nothing but padding with zeros.
package tarend

import (
	"bytes"
	"errors"
	"io"
)

// Size is the length in bytes of what ends an archive: two blocks.
const Size = 2 * 512

// ErrMissing says that an archive breaks off before its end.
var ErrMissing = errors.New("the archive ends early, without the two blocks of zeros behind its last member")

// ErrBehind says that there is something behind the end: a second archive there would be
// seen by some programs and not by others.
var ErrBehind = errors.New("there is more content behind the end of the archive")

// Reader is an archive on its way to the reader of archive/tar. It is not safe for
// concurrent use.
type Reader struct {
	r    io.Reader
	over bool // more was wanted than there is
}

var _ io.ReadSeeker = (*Reader)(nil)

// NewReader returns the archive in r, which may be an io.Seeker.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Read implements io.Reader.
func (t *Reader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if n == 0 && len(p) > 0 && errors.Is(err, io.EOF) {
		t.over = true
	}
	return n, err
}

// Seek implements io.Seeker for an archive that can be sought in; for others it fails, and
// archive/tar reads what it would have passed over.
func (t *Reader) Seek(n int64, whence int) (int64, error) {
	if s, ok := t.r.(io.Seeker); ok {
		return s.Seek(n, whence)
	}
	return 0, errors.ErrUnsupported
}

// Check reads the rest of the archive, once archive/tar has said io.EOF for the next member.
// It fails with ErrMissing or ErrBehind, or with what goes wrong while reading.
func (t *Reader) Check() error {
	if t.over {
		return ErrMissing
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := t.r.Read(buf)
		switch {
		case !IsZero(buf[:n]):
			return ErrBehind
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// IsZero reports whether b is nothing but zeros.
func IsZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }
