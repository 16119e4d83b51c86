package offlinekit

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Directory writes a kit to a directory, which gets its name when it is complete and on
// disk. Abort must be called; after Commit it does nothing.
type Directory struct {
	path, temp string
	fs         atomicfile.FS
	tree       *atomicfile.Tree // nil at the end
}

var _ Target = (*Directory)(nil)

// CheckDirectory refuses what NewDirectory would, without starting anything.
func CheckDirectory(path string) error {
	if info, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err == nil && info.IsDir() {
		if entries, err := os.ReadDir(path); err == nil && len(entries) == 0 {
			return nil
		}
	}
	return fault.New(fault.OutputExists, "%s exists, and is not an empty directory", input.Display(path)).With("path", path).
		WithHint("name a directory that is not there yet")
}

// NewDirectory starts the directory called path. What is there, and is no empty
// directory, is fault.OutputExists. A nil fsys is the file system of the machine.
func NewDirectory(fsys atomicfile.FS, path string) (*Directory, error) {
	if err := CheckDirectory(path); err != nil {
		return nil, err
	}
	if fsys == nil {
		fsys = atomicfile.OS()
	}
	path = filepath.Clean(path)
	d := &Directory{path: path, fs: fsys, temp: filepath.Join(filepath.Dir(path), ".stella-kit-"+rand.Text())}
	var err error
	d.tree, err = atomicfile.NewTree(fsys, d.temp, func(_ string, err error) error { return d.failed(err) })
	return d, err
}

// Add implements Target.
func (d *Directory) Add(name string, size int64, executable bool, r io.Reader) error {
	n, err := d.tree.Add(name, executable, r)
	if err == nil && n != size {
		err = fault.New(fault.InputChanged, "%q has %d bytes, not %d", name, n, size)
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
		return d.failed(err)
	}
	if err := d.fs.Rename(d.temp, d.path); err != nil {
		return d.failed(err)
	}
	d.tree = nil
	if err := d.fs.SyncDir(filepath.Dir(d.path)); err != nil {
		return d.failed(err)
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

func (d *Directory) failed(err error) error {
	return fault.Wrap(fault.OutputFailed, atomicfile.Cause(err), "failed to write to %s", input.Display(d.path)).With("path", d.path)
}
