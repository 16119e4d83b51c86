package input

import (
	"errors"
	"io/fs"
	"os"

	"github.com/stellaops/stella/internal/fault"
)

// Scratch is a temporary file that nobody else can open and that leaves nothing
// behind, however the process ends. Close once.
type Scratch struct {
	*os.File
	linked bool // still has a name (Windows), which goes at Close
}

// NewScratch returns an empty one, for what the message calls what. An error has
// the reason input.unreadable: what cannot be kept aside cannot be read twice.
func NewScratch(what string) (*Scratch, error) {
	file, err := os.CreateTemp("", "stella-*")
	if err != nil {
		return nil, KeepFailed(what, err)
	}
	// Unlinked at once: nobody can swap it, and an interrupt leaves nothing.
	// Windows cannot remove an open file; there it stays until Close.
	return &Scratch{File: file, linked: os.Remove(file.Name()) != nil}, nil
}

// Close releases the file.
func (s *Scratch) Close() error {
	err := s.File.Close()
	if s.linked {
		return errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// KeepFailed is the fault for something that cannot be kept aside.
func KeepFailed(what string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err // the temporary file's name is of no use to anybody
	}
	return fault.Wrap(fault.InputUnreadable, err, "failed to keep %s in a temporary file", what).
		WithHint("free some space, put the directory for temporary files elsewhere with TMPDIR, or name a file")
}
