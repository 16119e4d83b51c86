package atomicfile

import (
	"io"
	"io/fs"
	"os"
	"runtime"
)

// FS is every call that changes a file system on the way to an output. A test
// records them in their order and asks what a power failure would leave, see
// package crashtest.
type FS interface {
	// Create makes a new file; one that is there is fs.ErrExist.
	Create(name string, mode fs.FileMode) (Handle, error)
	// Mkdir makes a directory; one that is there is fs.ErrExist.
	Mkdir(name string, mode fs.FileMode) error
	// Link gives a file a second name; one that is taken is fs.ErrExist.
	Link(from, to string) error
	// Rename gives a file another name, which it takes from whatever has it.
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir puts the names in a directory on disk.
	SyncDir(name string) error
}

// Handle is a file that is being written.
type Handle interface {
	io.Writer
	Name() string
	Stat() (fs.FileInfo, error)
	Chmod(mode fs.FileMode) error
	// Sync puts the content on disk.
	Sync() error
	Close() error
}

// OS returns the file system of the machine.
func OS() FS { return system{} }

type system struct{}

var _ FS = system{}

func (system) Create(name string, mode fs.FileMode) (Handle, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	return &steady{File: f}, nil
}

// steadySize is how much of a file is written before the disk is given it, in bytes.
const steadySize = 8 << 20

// steady is a file that goes to the disk while it is written, and not all at once when
// Sync waits for it. It is written from its beginning on.
type steady struct {
	*os.File
	given, written int64 // bytes
}

var _ Handle = (*steady)(nil)

// Write implements io.Writer.
func (s *steady) Write(p []byte) (int, error) {
	n, err := s.File.Write(p)
	s.written += int64(n)
	if s.written-s.given >= steadySize {
		hasten(s.File, s.given, s.written-s.given)
		s.given = s.written
	}
	return n, err
}

func (system) Mkdir(name string, mode fs.FileMode) error { return os.Mkdir(name, mode) }
func (system) Link(from, to string) error                { return os.Link(from, to) }
func (system) Rename(from, to string) error              { return os.Rename(from, to) }
func (system) Remove(name string) error                  { return os.Remove(name) }

// SyncDir does nothing on Windows, which has no such call, and overlooks a file
// system that refuses it: the content is on disk either way.
func (system) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return nil //nolint:nilerr // a directory one may write to but not read
	}
	_ = d.Sync()
	return d.Close()
}
