package forensic

import (
	"crypto/sha256"
	"hash"
	"io"

	"github.com/stellaops/stella/internal/input"
)

// scratch is a member that is kept aside in a temporary file, with its digest.
type scratch struct {
	what string
	file *input.Scratch
	buf  []byte
	size int64
	sum  hash.Hash
}

const scratchBuffer = 64 << 10

func newScratch(what string) (*scratch, error) {
	file, err := input.NewScratch(what)
	if err != nil {
		return nil, err
	}
	return &scratch{what: what, file: file, sum: sha256.New()}, nil
}

// Write implements io.Writer.
func (s *scratch) Write(p []byte) (int, error) {
	s.sum.Write(p)
	s.buf = append(s.buf, p...)
	s.size += int64(len(p))
	if len(s.buf) < scratchBuffer {
		return len(p), nil
	}
	return len(p), s.flush()
}

// flush puts what is buffered into the file, before it is read.
func (s *scratch) flush() error {
	_, err := s.file.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return input.KeepFailed(s.what, err)
	}
	return nil
}

// reader returns all of the content.
func (s *scratch) reader() *io.SectionReader { return io.NewSectionReader(s.file, 0, s.size) }

// digest returns the SHA-256 of the content.
func (s *scratch) digest() [sha256.Size]byte { return [sha256.Size]byte(s.sum.Sum(nil)) }

func (s *scratch) close() {
	if s != nil {
		_ = s.file.Close() // of no more use
	}
}
