package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// refuseInputs keeps a command from replacing what it reads.
func refuseInputs(path string, inputs []string) error {
	out, err := os.Stat(path)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, input := range inputs {
		if is(out, input) {
			return isInput(path)
		}
	}
	return nil
}

// refuseBelow is refuseInputs for all that is in directories. It looks at every file in
// there, since a file has as many names as it has hard links, and is asked only about
// an output that is about to be replaced.
func refuseBelow(path string, below []string) error {
	out, err := os.Stat(path)
	if err != nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, root := range below {
		if real, err := filepath.EvalSymlinks(root); err == nil {
			root = real // which a walk would not follow
		}
		err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil //nolint:nilerr // who reads it says what is wrong
			case !e.IsDir() && is(out, name):
				return isInput(path)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// is reports whether a file that may be there is out, by whatever name.
func is(out fs.FileInfo, name string) bool {
	info, err := os.Stat(name)
	return err == nil && os.SameFile(info, out)
}

func isInput(path string) error {
	return fault.New(fault.UsageInvalid, "output %q is the input", path).
		WithHint("name another output").With("path", path)
}

// refuseExisting looks before the work starts; Commit looks again.
func refuseExisting(path string, force bool) error {
	info, err := os.Lstat(path)
	if err != nil {
		return nil // what is wrong with the directory shows when the file is made
	}
	if info.IsDir() {
		return fault.New(fault.OutputExists, "output %q is a directory", path).
			WithHint("name a file in it: -o %s", filepath.Join(path, "NAME")).With("path", path)
	}
	if !force {
		return exists(path)
	}
	return nil
}

func exists(path string) error {
	return fault.New(fault.OutputExists, "output %q exists", path).
		WithHint("name another output, or replace it with --force").With("path", path)
}

// special reports whether path can only be written through: a pipe, a device,
// or a descriptor under /dev or /proc, which looks like a file when standard
// output is one and must not be renamed away.
func special(path string) bool {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return true
	}
	abs, err := filepath.Abs(path)
	return err == nil && (strings.HasPrefix(abs, "/dev/fd/") || strings.HasPrefix(abs, "/dev/std") || strings.HasPrefix(abs, "/proc/"))
}

// IsFull reports whether an error says that a disk has no room, or a user no more of it.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// failed is the one fault for an output that could not be written.
func failed(name string, err error) error {
	f := writeFault(fault.New(fault.OutputFailed, "failed to write %q", name).With("path", name), err)
	if _, there := os.Stat(filepath.Dir(name)); there == nil && errors.Is(err, fs.ErrNotExist) {
		f.Err = errors.New("its directory takes no new files") // as /proc does
		return f.WithHint("write to another place")
	}
	return f
}

// writeFault completes f with the cause in plain words and with advice.
func writeFault(f *fault.Error, err error) *fault.Error {
	err = Cause(err)
	f.Err = err
	switch {
	case IsFull(err):
		f.Err = errors.New("no space left")
		return f.WithHint("free some space, or write to another place")
	case errors.Is(err, fs.ErrNotExist):
		f.Err = errors.New("the directory does not exist")
		return f.WithHint("make the directory first")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return f.WithHint("write to another place")
	case errors.Is(err, syscall.EPIPE):
		f.Err = errors.New("the reader closed the pipe")
	}
	return f
}
