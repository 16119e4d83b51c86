package store

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// payload writes the files of a kit into a new directory. Files come directory by
// directory, as the names of a kit are sorted: one that was left is on disk and not
// entered again.
type payload struct {
	fs   atomicfile.FS
	dir  string
	open []string // directories from dir on, relative to it, that are being filled
	buf  []byte
}

// newPayload makes the directory, which must not be there.
func newPayload(fsys atomicfile.FS, dir string) (*payload, error) {
	p := &payload{fs: fsys, dir: dir, open: []string{"."}, buf: make([]byte, 256<<10)}
	if err := fsys.Mkdir(dir, 0o755); err != nil {
		return nil, p.failed("", err)
	}
	return p, nil
}

// add writes a file, whole and on disk. An error of r is returned as it is.
func (p *payload) add(name string, executable bool, r io.Reader) error {
	if err := p.enter(path.Dir(name)); err != nil {
		return p.failed(name, err)
	}
	mode := fs.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	f, err := p.fs.Create(p.path(name), mode)
	if err != nil {
		return p.failed(name, err)
	}
	w := &writer{h: f}
	if _, err = io.CopyBuffer(w, onlyReader{r}, p.buf); err != nil && w.err == nil {
		_ = f.Close() // the file is of no use
		return err
	}
	synced := w.err
	if synced == nil {
		synced = f.Sync()
	}
	if err := errors.Join(synced, f.Close()); err != nil {
		return p.failed(name, err)
	}
	return nil
}

// enter makes the directory dir the one that is filled.
func (p *payload) enter(dir string) error {
	if err := p.leave(dir); err != nil {
		return err
	}
	for {
		here := p.open[len(p.open)-1]
		if here == dir {
			return nil
		}
		next := path.Join(here, firstStep(strings.TrimPrefix(dir, here+"/")))
		if err := p.fs.Mkdir(p.path(next), 0o755); err != nil {
			return err
		}
		p.open = append(p.open, next)
	}
}

// leave puts on disk the directories that dir is not in.
func (p *payload) leave(dir string) error {
	for {
		here := p.open[len(p.open)-1]
		if here == "." || here == dir || strings.HasPrefix(dir, here+"/") {
			return nil
		}
		if err := p.fs.SyncDir(p.path(here)); err != nil {
			return err
		}
		p.open = p.open[:len(p.open)-1]
	}
}

// finish puts the last directories on disk, and the name of the whole.
func (p *payload) finish() error {
	err := p.leave(".")
	if err == nil {
		err = p.fs.SyncDir(p.dir)
	}
	if err == nil {
		err = p.fs.SyncDir(filepath.Dir(p.dir))
	}
	if err != nil {
		return p.failed("", err)
	}
	return nil
}

func (p *payload) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *payload) failed(name string, err error) error {
	full := p.path(name)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fault.New(fault.KitSpace, "failed to write %q: no space left", full).With("path", full).
			WithHint("free some space and import the kit again; the kit that was active still is")
	}
	return fault.Wrap(fault.KitFailed, pathCause(err), "failed to write %q", full).With("path", full)
}

func firstStep(name string) string {
	step, _, _ := strings.Cut(name, "/")
	return step
}

// writer keeps its error, so that it can be told from that of a reader.
type writer struct {
	h   atomicfile.Handle
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
