//go:build unix

package input

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// openPlain makes the system calls itself: with os.Open they are nine for each
// file instead of four, which shows when there are a million of them.
func openPlain(path string) (*File, error) {
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	fd, err := retried(func() (int, error) { return syscall.Open(path, flags, 0) })
	if err != nil {
		return nil, err
	}
	f, keep, err := plainFrom(path, fd)
	if !keep {
		err = errors.Join(err, syscall.Close(fd))
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// plainFrom returns the file behind a descriptor, and whether it goes on needing it.
func plainFrom(path string, fd int) (f *File, keep bool, err error) {
	var stat syscall.Stat_t
	if err := syscall.Fstat(fd, &stat); err != nil {
		return nil, false, err
	}
	if stat.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return nil, false, errNotRegular
	}
	if stat.Size > heldInMemory {
		file := os.NewFile(uintptr(fd), path)
		return &File{name: path, size: stat.Size, at: file, closer: file}, true, nil
	}
	f, err = small(path, stat.Size, descriptor(fd))
	return f, false, err
}

// descriptor reads from an open file.
type descriptor int

// ReadAt implements io.ReaderAt.
func (d descriptor) ReadAt(p []byte, off int64) (int, error) {
	for done := 0; ; {
		n, err := retried(func() (int, error) { return syscall.Pread(int(d), p[done:], off+int64(done)) })
		if err != nil {
			return done, err
		}
		if done += n; done == len(p) {
			return done, nil
		}
		if n == 0 {
			return done, io.EOF
		}
	}
}

// retried makes a system call until no signal interrupts it.
func retried(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// isLink reports whether opening failed because the path ends in a symbolic link.
// The BSDs say so in words of their own.
func isLink(err error) bool { return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) }
