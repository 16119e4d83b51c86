// Package input opens what a user names on the command line: a file or "-"
// for standard input. Everything is re-readable afterwards, bounded, and
// refused with one clear error if it is not what a command can read.
package input

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/stellaops/stella/internal/fault"
)

// Limits on inputs by what they are, in bytes.
const (
	// MaxDocument bounds what is parsed or embedded: SBOMs, reports, statements.
	// It is well above the largest seen, and small enough for a mistake not to
	// fill a disk.
	MaxDocument = 1 << 30
	// MaxEvidence bounds envelopes and bundles: a document of MaxDocument, in
	// base64 and with its wrapper, fits, so that what is signed can be verified.
	MaxEvidence = 3 << 29
	// MaxArtifact bounds what is only hashed.
	MaxArtifact = 1 << 40
)

// spoolInMemory is how much of a pipe is kept in memory, in bytes, before it
// goes to an unlinked temporary file.
const spoolInMemory = 4 << 20

// File is an open input. It reads at any offset, so it can be read again. It
// is safe for concurrent reading; Close once.
type File struct {
	name   string
	size   int64
	at     io.ReaderAt
	closer io.Closer // nil when in memory
	held   bytesAt   // what at reads, when in memory
}

// Name returns what the user wrote, "-" for standard input.
func (f *File) Name() string { return f.name }

// Size returns the number of bytes there were when the input was opened.
func (f *File) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.at.ReadAt(p, off) }

// Slice returns n bytes from off on if the input is in memory, else false. They
// must not be changed.
func (f *File) Slice(off, n int64) ([]byte, bool) {
	b, ok := f.at.(*bytesAt)
	if !ok || off < 0 || n < 0 || off+n > int64(len(*b)) {
		return nil, false
	}
	return (*b)[off : off+n : off+n], true
}

// Reader returns a new reader from the start to the size at opening.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f.at, 0, f.size) }

// Close releases the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// ReadAll returns the whole content, in one allocation of exactly its size.
func (f *File) ReadAll() ([]byte, error) {
	b := make([]byte, f.size)
	n, err := f.at.ReadAt(b, 0)
	if int64(n) == f.size {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, changed(f.name)
	}
	return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", Display(f.name))
}

// Open opens the file called name, or standard input for "-". An input larger
// than limit bytes is refused.
func Open(name string, stdin io.Reader, limit int64) (*File, error) {
	if name == "-" {
		return Spool("-", stdin, limit)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, openError(name, err)
	}
	f, err := fromFile(file, name, limit)
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

func fromFile(file *os.File, name string, limit int64) (*File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", Display(name))
	}
	switch {
	case info.IsDir():
		return nil, fault.New(fault.InputNotRegular, "%s is a directory, not a file", Display(name)).With("path", name)
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0:
		f, err := Spool(name, file, limit)
		if err != nil {
			return nil, err
		}
		return f, file.Close()
	case !info.Mode().IsRegular():
		return nil, fault.New(fault.InputNotRegular, "%s is not a regular file", Display(name)).With("path", name)
	case info.Size() > limit:
		return nil, tooLarge(name, limit)
	}
	return &File{name: name, size: info.Size(), at: file, closer: file}, nil
}

// FromBytes returns an input in memory.
func FromBytes(name string, b []byte) *File {
	f := &File{name: name, size: int64(len(b)), held: b}
	f.at = &f.held
	return f
}

// FromReaderAt returns an input over size bytes of r, which the caller closes.
func FromReaderAt(name string, r io.ReaderAt, size int64) *File {
	return &File{name: name, size: size, at: r}
}

func openError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.InputNotFound, "%s does not exist", Display(name)).
			WithHint("correct the name; relative ones begin in the working directory").With("path", name)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.InputUnreadable, "%s cannot be read: permission denied", Display(name)).With("path", name)
	}
	return fault.Wrap(fault.InputUnreadable, err, "failed to open %s", Display(name)).With("path", name)
}

func tooLarge(name string, limit int64) error {
	return fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes", Display(name), limit).With("path", name)
}

func changed(name string) error {
	return fault.New(fault.InputChanged, "%s changed while it was being read", Display(name)).
		WithHint("let nothing write to the file and run the command again").With("path", name)
}

// Display returns how messages call an input.
func Display(name string) string {
	if name == "-" {
		return "standard input"
	}
	return fmt.Sprintf("%q", name)
}
