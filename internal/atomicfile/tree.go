package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// Tree writes files into a new directory, which is on disk, with all that is in it, when
// Finish returns. Files come directory by directory: one that was left is not entered
// again. Their names have slashes, and the caller knows that none leads out. It is not
// safe for concurrent use.
type Tree struct {
	fs      FS
	dir     string
	failed  func(path string, err error) error
	open    []string // directories from dir on, relative to it, that are being filled
	buf     []byte
	flusher *flusher // nil when it is closed
}

// NewTree makes the directory, which must not be there. A nil fsys is OS. failed makes
// a fault of what the system says of a path. Close must be called, also after Finish.
func NewTree(fsys FS, dir string, failed func(path string, err error) error) (*Tree, error) {
	if fsys == nil {
		fsys = OS()
	}
	t := &Tree{fs: fsys, dir: dir, failed: failed, open: []string{"."}, buf: make([]byte, 256<<10)}
	if err := fsys.Mkdir(dir, 0o755); err != nil {
		return nil, t.wrong("", err)
	}
	t.flusher = newFlusher()
	return t, nil
}

// Add writes a file and returns how many bytes it has. An error of r is returned as it
// is.
func (t *Tree) Add(name string, executable bool, r io.Reader) (int64, error) {
	if err := t.enter(path.Dir(name)); err != nil {
		return 0, t.wrong(name, err)
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := t.fs.Create(t.path(name), mode)
	if err != nil {
		return 0, t.wrong(name, err)
	}
	w := &writer{h: f}
	n, err := io.CopyBuffer(w, onlyReader{r}, t.buf)
	switch {
	case w.err != nil:
		_ = f.Close() // the first error is the one that matters
		return n, t.wrong(name, w.err)
	case err != nil:
		_ = f.Close() // the file is of no use
		return n, err
	}
	return n, t.flusher.do(func() error {
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return t.wrong(name, err)
		}
		return nil
	})
}

// enter makes the directory dir the one that is filled.
func (t *Tree) enter(dir string) error {
	if err := t.leave(dir); err != nil {
		return err
	}
	for {
		here := t.open[len(t.open)-1]
		if here == dir {
			return nil
		}
		next := path.Join(here, firstStep(strings.TrimPrefix(dir, here+"/")))
		if err := t.fs.Mkdir(t.path(next), 0o755); err != nil {
			return err
		}
		t.open = append(t.open, next)
	}
}

// leave has the directories put on disk that dir is not in.
func (t *Tree) leave(dir string) error {
	for {
		here := t.open[len(t.open)-1]
		if here == "." || here == dir || strings.HasPrefix(dir, here+"/") {
			return nil
		}
		err := t.flusher.do(func() error {
			if err := t.fs.SyncDir(t.path(here)); err != nil {
				return t.wrong(here, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.open = t.open[:len(t.open)-1]
	}
}

// Close waits until nothing is written any more.
func (t *Tree) Close() error {
	if t.flusher == nil {
		return nil
	}
	err := t.flusher.close()
	t.flusher = nil
	return err
}

// Finish returns when all files and directories are on disk, and the name of the whole.
func (t *Tree) Finish() error {
	err := t.leave(".")
	if closed := t.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = t.fs.SyncDir(t.dir)
	}
	if err == nil {
		err = t.fs.SyncDir(filepath.Dir(t.dir))
	}
	if err != nil {
		return t.wrong("", err)
	}
	return nil
}

func (t *Tree) path(name string) string { return filepath.Join(t.dir, filepath.FromSlash(name)) }

func (t *Tree) wrong(name string, err error) error {
	if fault.ReasonOf(err) != fault.Internal {
		return err // of a file that was written before, and says which
	}
	return t.failed(t.path(name), err)
}

func firstStep(name string) string {
	step, _, _ := strings.Cut(name, "/")
	return step
}

// writer keeps its error, so that it can be told from that of a reader.
type writer struct {
	h   Handle
	err error
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	n, err := w.h.Write(b)
	w.err = err
	return n, err
}

// onlyReader hides methods that would go around the buffer.
type onlyReader struct{ io.Reader }
