package atomicfile

import (
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"sync"

	"github.com/stellaops/stella/internal/fault"
)

// spoolInMemory is how much of an output that cannot be renamed into place is
// kept in memory, in bytes, before it goes to an unlinked temporary file.
const spoolInMemory = 8 << 20

// Spool is an output to a stream: what is written is kept aside and goes out
// at Commit, so that a failure leaves nothing half-written in a pipe.
type Spool struct {
	name  string // as messages call it
	ctx   context.Context
	open  func() (io.WriteCloser, error)
	limit int

	mu   sync.Mutex
	head bytes.Buffer
	file *os.File // nil while everything fits into head
	err  error
}

// Stdout returns an output that writes to w, which messages call standard
// output. Commit does not close w.
func Stdout(ctx context.Context, w io.Writer) *Spool { return Aside(ctx, "standard output", w) }

// Aside returns an output that is kept aside for w, which messages call name: a
// part of a document that stands behind another one which is not known yet.
// Commit does not close w.
func Aside(ctx context.Context, name string, w io.Writer) *Spool {
	return newSpool(ctx, name, func() (io.WriteCloser, error) { return nopCloser{w}, nil })
}

func createSpecial(ctx context.Context, path string) (*Spool, error) {
	// Opened now, so that a missing permission shows before the work. A pipe
	// opens only with its reader there, so that one is opened at the end.
	info, err := os.Stat(path)
	if err != nil {
		return nil, failed(path, err)
	}
	open := func() (io.WriteCloser, error) { return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0) }
	if info.Mode()&os.ModeNamedPipe == 0 {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, failed(path, err)
		}
		_ = w.Close()
	}
	return newSpool(ctx, strconv.Quote(path), open), nil
}

func newSpool(ctx context.Context, name string, open func() (io.WriteCloser, error)) *Spool {
	return &Spool{name: name, ctx: ctx, open: open, limit: spoolInMemory}
}

// Write implements io.Writer.
func (s *Spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	if s.file == nil && s.head.Len()+len(p) > s.limit {
		if s.file, s.err = unlinked(); s.err != nil {
			return 0, s.err
		}
	}
	if s.file == nil {
		return s.head.Write(p)
	}
	n, err := s.file.Write(p)
	if err != nil {
		s.err = keepFailed(err)
	}
	return n, s.err
}

// Commit implements Output.
func (s *Spool) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.discard()
	if s.err != nil {
		return s.err
	}
	if err := context.Cause(s.ctx); err != nil {
		return err
	}
	w, err := s.open()
	if err != nil {
		return s.failed(err)
	}
	if err := s.copyTo(w); err != nil {
		_ = w.Close()
		return s.failed(err)
	}
	if err := w.Close(); err != nil {
		return s.failed(err)
	}
	return nil
}

func (s *Spool) copyTo(w io.Writer) error {
	if _, err := w.Write(s.head.Bytes()); err != nil {
		return err
	}
	if s.file == nil {
		return nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

// Abort implements Output.
func (s *Spool) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discard()
}

func (s *Spool) discard() {
	if s.file != nil {
		_ = s.file.Close()
		os.Remove(s.file.Name()) // only Windows still has the name
		s.file = nil
	}
	s.head = bytes.Buffer{}
	if s.err == nil {
		s.err = fault.New(fault.Internal, "output to %s is already closed", s.name)
	}
}

func (s *Spool) failed(err error) error { return WriteFailed(s.name, err) }

// WriteFailed is the fault for a stream that could not be written to; name is
// how messages call it.
func WriteFailed(name string, err error) error {
	return writeFault(fault.New(fault.OutputFailed, "failed to write to %s", name), err)
}

// unlinked returns a temporary file that has no name, so that nobody can open
// it and nothing stays behind.
func unlinked() (*os.File, error) {
	file, err := os.CreateTemp("", "stella-out-*")
	if err != nil {
		return nil, keepFailed(err)
	}
	os.Remove(file.Name())
	return file, nil
}

func keepFailed(err error) error {
	return writeFault(fault.New(fault.OutputFailed, "failed to keep the output in a temporary file in %q", os.TempDir()), err).
		WithHint("free some space there, or put the directory for temporary files elsewhere with TMPDIR")
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
