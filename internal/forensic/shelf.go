package forensic

import (
	"errors"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// shelf is a temporary file in which pieces lie one behind the other, each until all was
// judged. It is made with the first of them, and read from by several goroutines.
type shelf struct {
	what string
	file *input.Scratch
	end  int64
}

// span is a piece on a shelf.
type span struct{ off, size int64 }

// put keeps what r gives. An error of r comes back as it is.
func (s *shelf) put(r io.Reader) (span, error) {
	if s.file == nil {
		file, err := input.NewScratch(s.what)
		if err != nil {
			return span{}, err
		}
		s.file = file
	}
	n, err := io.Copy(io.NewOffsetWriter(s.file, s.end), r)
	switch {
	case err != nil && fault.ReasonOf(err) == fault.Internal:
		return span{}, input.KeepFailed(s.what, err)
	case err != nil:
		return span{}, err
	}
	p := span{s.end, n}
	s.end += n
	return p, nil
}

// at returns the content of a piece.
func (s *shelf) at(p span) *io.SectionReader { return io.NewSectionReader(s.file, p.off, p.size) }

// bytes returns all of a small piece.
func (s *shelf) bytes(p span) ([]byte, error) {
	b := make([]byte, p.size)
	if p.size == 0 {
		return b, nil // there may be no file yet
	}
	if _, err := s.file.ReadAt(b, p.off); err != nil && !errors.Is(err, io.EOF) {
		return nil, input.KeepFailed(s.what, err)
	}
	return b, nil
}

func (s *shelf) close() {
	if s.file != nil {
		_ = s.file.Close() // of no more use
	}
}
