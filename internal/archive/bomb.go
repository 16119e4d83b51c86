package archive

import (
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// expansion bounds what an archive expands to.
type expansion struct {
	in, out int64 // bytes read of the archive, and made of them
	most    int64 // of out
}

// add counts n bytes that came out.
func (e *expansion) add(n int64) error {
	e.out += n
	switch {
	case e.out > e.most:
		return fault.New(fault.InputTooLarge, "the archive expands to more than %d bytes", e.most).
			WithHint("unpack it and name the directory, if you trust it")
	case e.out > freeExpansion && (e.out-freeExpansion)/maxRatio > e.in:
		return fault.New(fault.InputTooLarge, "the archive expands to more than %d times its size", maxRatio).
			WithHint("unpack it and name the directory, if you trust it")
	}
	return nil
}

// source counts what is read of the archive.
type source struct {
	r io.Reader
	e *expansion
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.e.in += int64(n)
	return n, err
}

// expanded counts what comes out, and fails when it is too much.
type expanded struct {
	r io.Reader
	e *expansion
}

// Read implements io.Reader.
func (x *expanded) Read(p []byte) (int, error) {
	n, err := x.r.Read(p)
	if over := x.e.add(int64(n)); over != nil {
		return 0, over
	}
	return n, err
}
