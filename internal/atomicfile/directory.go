package atomicfile

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stellaops/stella/internal/fault"
)

// Directory is a [Tree] that gets its name when it is complete and on disk. It is not safe
// for concurrent use. Abort must be called; after Commit it does nothing.
type Directory struct {
	path, temp string
	fs         FS
	tree       *Tree // nil at the end
}

// CheckDirectory refuses what NewDirectory would, without starting anything.
func CheckDirectory(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() {
		if entries, err := os.ReadDir(path); err == nil && len(entries) == 0 {
			return nil
		}
	}
	return fault.New(fault.OutputExists, "output %q exists, and is not an empty directory", path).With("path", path).
		WithHint("name a directory that is not there yet")
}

// NewDirectory starts the directory called path. What is there, and is no empty
// directory, is fault.OutputExists. A nil fsys is OS.
func NewDirectory(fsys FS, path string) (*Directory, error) {
	if err := CheckDirectory(path); err != nil {
		return nil, err
	}
	if fsys == nil {
		fsys = OS()
	}
	path = filepath.Clean(path)
	d := &Directory{path: path, fs: fsys, temp: filepath.Join(filepath.Dir(path), ".stella-"+rand.Text()+".tmp")}
	var err error
	d.tree, err = NewTree(fsys, d.temp, func(_ string, err error) error { return failed(path, err) })
	return d, err
}

// Add writes a file of size bytes, which r has; with fewer or more it is
// fault.InputChanged. Files come as Tree wants them.
func (d *Directory) Add(name string, size int64, executable bool, r io.Reader) error {
	n, err := d.tree.Add(name, executable, io.LimitReader(r, size+1))
	if err == nil && n != size {
		err = fault.New(fault.InputChanged, "%q has another length than the %d bytes it had: it changed while it was read", name, size)
	}
	return err
}

// Path is where the files are until Commit.
func (d *Directory) Path() string { return d.temp }

// Commit puts everything on disk and gives the directory its name. An empty directory
// makes room for it; what appeared there meanwhile stays, and is an error.
func (d *Directory) Commit() error {
	if err := d.tree.Finish(); err != nil {
		return err
	}
	// Not os.Remove, which takes files and links away too.
	if err := syscall.Rmdir(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(d.path, err)
	}
	if err := d.fs.Rename(d.temp, d.path); err != nil {
		return failed(d.path, err)
	}
	d.tree = nil
	if err := d.fs.SyncDir(filepath.Dir(d.path)); err != nil {
		return failed(d.path, err)
	}
	return nil
}

// Abort removes what was written.
func (d *Directory) Abort() {
	if d.tree == nil {
		return
	}
	_ = d.tree.Close() // after a failure, which is the one that matters
	_ = os.RemoveAll(d.temp)
	d.tree = nil
}
