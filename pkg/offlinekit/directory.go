package offlinekit

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Directory writes a kit to a directory, which gets its name when it is complete.
// Abort must be called; after Commit it does nothing.
type Directory struct {
	path, temp string
	root       *os.Root // nil at the end
	made       map[string]bool
}

var _ Target = (*Directory)(nil)

// CheckDirectory refuses what NewDirectory would, without starting anything.
func CheckDirectory(path string) error {
	if entries, err := os.ReadDir(path); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.OutputExists, "%s exists, and is not an empty directory", input.Display(path)).With("path", path).
			WithHint("name a directory that is not there yet")
	}
	return nil
}

// NewDirectory starts the directory called path. One that is there and not empty is
// fault.OutputExists.
func NewDirectory(path string) (*Directory, error) {
	if err := CheckDirectory(path); err != nil {
		return nil, err
	}
	d := &Directory{path: filepath.Clean(path), made: map[string]bool{}}
	var err error
	if d.temp, err = os.MkdirTemp(filepath.Dir(d.path), ".stella-kit-*"); err != nil {
		return nil, d.failed(err)
	}
	if d.root, err = os.OpenRoot(d.temp); err != nil {
		return nil, errors.Join(d.failed(err), os.Remove(d.temp))
	}
	return d, nil
}

// Add implements Target.
func (d *Directory) Add(name string, size int64, executable bool, r io.Reader) error {
	name = filepath.FromSlash(name)
	if dir := filepath.Dir(name); !d.made[dir] {
		if err := d.root.MkdirAll(dir, 0o755); err != nil {
			return d.failed(err)
		}
		d.made[dir] = true
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return d.failed(err)
	}
	n, err := io.Copy(writer{d, f}, r)
	if closed := f.Close(); err == nil && closed != nil {
		err = d.failed(closed)
	}
	if err == nil && n != size {
		err = fault.New(fault.InputChanged, "%q has %d bytes, not %d", name, n, size)
	}
	return err
}

// writer tells failures to write from those to read.
type writer struct {
	d *Directory
	f *os.File
}

// Write implements io.Writer.
func (w writer) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = w.d.failed(err)
	}
	return n, err
}

// Path is where the files are until Commit.
func (d *Directory) Path() string { return d.temp }

// Commit gives the directory its name.
func (d *Directory) Commit() error {
	if err := d.root.Close(); err != nil {
		return d.failed(err)
	}
	if err := os.Chmod(d.temp, 0o755); err != nil { //nolint:gosec // what is handed on may be read
		return d.failed(err)
	}
	if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d.failed(err)
	}
	if err := os.Rename(d.temp, d.path); err != nil {
		return d.failed(err)
	}
	d.root = nil
	return nil
}

// Abort removes what was written.
func (d *Directory) Abort() {
	if d.root == nil {
		return
	}
	_ = d.root.Close()
	_ = os.RemoveAll(d.temp)
	d.root = nil
}

func (d *Directory) failed(err error) error {
	return fault.Wrap(fault.OutputFailed, pathCause(err), "failed to write to %s", input.Display(d.path)).With("path", d.path)
}
