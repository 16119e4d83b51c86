package oci

import (
	"io"

	"github.com/stellaops/stella/internal/input"
)

// aheadSize is how much of an archive is read at a time, in bytes: many headers if the
// members are small, and little in vain if they are large.
const aheadSize = 32 << 10

// ahead reads a file in larger pieces than it is asked for, and passes over what it is
// not asked for.
type ahead struct {
	file *io.SectionReader // stands where held ends
	held []byte
	buf  [aheadSize]byte
}

var _ io.ReadSeeker = (*ahead)(nil)

func newAhead(f *input.File) *ahead { return &ahead{file: f.Reader()} }

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	if len(a.held) == 0 {
		n, err := a.file.Read(a.buf[:])
		if n == 0 {
			return 0, err
		}
		a.held = a.buf[:n]
	}
	n := copy(p, a.held)
	a.held = a.held[n:]
	return n, nil
}

// Seek implements io.Seeker.
func (a *ahead) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekCurrent {
		if 0 <= offset && offset <= int64(len(a.held)) {
			a.held = a.held[offset:]
			offset = 0
		}
		if offset == 0 {
			end, err := a.file.Seek(0, io.SeekCurrent)
			return end - int64(len(a.held)), err
		}
		offset -= int64(len(a.held))
	}
	a.held = nil
	return a.file.Seek(offset, whence)
}
