package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// target is one file to write.
type target struct {
	path    string
	content []byte
	mode    fs.FileMode
}

// writePair writes both files or none. internal/atomicfile has no place for this: an
// output of it that is committed cannot be taken back, and here the first file must go,
// or what it replaced come back, when the second one fails.
func writePair(private, public target, force bool) error {
	for _, t := range []target{private, public} {
		if err := t.check(force); err != nil {
			return err
		}
	}
	stagedPrivate, err := private.stage()
	if err != nil {
		return err
	}
	defer os.Remove(stagedPrivate) // gone already when all went well
	stagedPublic, err := public.stage()
	if err != nil {
		return err
	}
	defer os.Remove(stagedPublic)
	first, err := private.publish(stagedPrivate, force)
	if err != nil {
		return err
	}
	second, err := public.publish(stagedPublic, force)
	if err != nil {
		return errors.Join(err, first.undo())
	}
	first.done()
	second.done()
	return errors.Join(syncDirectory(filepath.Dir(private.path)), syncDirectory(filepath.Dir(public.path)))
}

// check refuses early and clearly what publish would refuse.
func (t target) check(force bool) error {
	info, err := os.Lstat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return t.fail(err)
	case info.IsDir():
		return fault.New(fault.InputNotRegular, "%q is a directory", t.path).With("path", t.path)
	case !force:
		return t.exists()
	}
	return nil
}

func (t target) exists() error {
	return fault.New(fault.OutputExists, "%q exists and is not overwritten", t.path).
		WithHint("choose another name, or give --force to replace the key").With("path", t.path)
}

func (t target) fail(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	f := fault.Wrap(fault.OutputFailed, err, "failed to write %q", t.path).With("path", t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.WithHint("make the directory first")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EROFS):
		return f.WithHint("write to another place with -o")
	}
	return f
}

// stage writes the content to a new file in the same directory, and syncs it.
func (t target) stage() (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(t.path), ".stella-*") // mode 0600
	if err != nil {
		return "", t.fail(err)
	}
	_, err = f.Write(t.content)
	if err == nil && runtime.GOOS != "windows" {
		err = f.Chmod(t.mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", t.fail(err)
	}
	return f.Name(), nil
}

// published is a file that was put in place, and may be taken back.
type published struct {
	path   string
	backup string // what was there before, or empty
}

func (p published) undo() error {
	if p.backup == "" {
		return os.Remove(p.path)
	}
	return os.Rename(p.backup, p.path)
}

func (p published) done() {
	if p.backup != "" {
		os.Remove(p.backup) // a copy that stays behind is no failure
	}
}

// publish puts a staged file in place.
func (t target) publish(staged string, force bool) (published, error) {
	if force {
		return t.replace(staged)
	}
	err := os.Link(staged, t.path) // fails if the name exists, unlike rename
	switch {
	case errors.Is(err, fs.ErrExist):
		return published{}, t.exists()
	case err != nil:
		return t.reserve(staged)
	}
	return published{path: t.path}, nil
}

// reserve is publish for file systems without hard links, such as the FAT of
// memory sticks: the name is taken by an empty file, then replaced.
func (t target) reserve(staged string) (published, error) {
	f, err := os.OpenFile(t.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return published{}, t.exists()
	case err != nil:
		return published{}, t.fail(err)
	}
	_ = f.Close()
	if err := os.Rename(staged, t.path); err != nil {
		os.Remove(t.path)
		return published{}, t.fail(err)
	}
	return published{path: t.path}, nil
}

// replace keeps what is there under another name and renames over it.
func (t target) replace(staged string) (published, error) {
	p := published{path: t.path, backup: staged + ".old"}
	err := os.Link(t.path, p.backup) // leaves no moment without the file
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		err = os.Rename(t.path, p.backup)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.backup = ""
	case err != nil:
		return published{}, t.fail(err)
	}
	if err := os.Rename(staged, t.path); err != nil {
		if p.backup != "" {
			return published{}, errors.Join(t.fail(err), p.undo())
		}
		return published{}, t.fail(err)
	}
	return p, nil
}

// syncDirectory makes the new names survive a power failure. Windows has
// nothing like it.
func syncDirectory(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fault.New(fault.OutputFailed, "failed to sync directory %q", dir)
	}
	defer func() { _ = d.Close() }()
	// Some network file systems cannot sync a directory, and the files are
	// in place and synced themselves.
	_ = d.Sync()
	return nil
}
