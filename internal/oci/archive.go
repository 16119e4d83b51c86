package oci

import (
	"archive/tar"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/archive/tarend"
	"github.com/stellaops/stella/internal/input"
)

// archive is a layout in a tar archive, read in place.
type archive struct {
	file    *input.File
	members map[string]span
}

var _ files = (*archive)(nil)

// span is where in the archive a member's content stands.
type span struct{ off, size int64 }

// ustar is what every tar archive has in its first header (POSIX.1-2017, pax,
// "ustar Interchange Format").
const (
	ustar       = "ustar"
	ustarOffset = 257
)

// HoldsLayout reports whether a tar archive holds an image layout, wherever in it the
// member stands that tells. It is false as well for what is no archive, and for one that
// is damaged before that member: who reads it meets the damage.
func HoldsLayout(f *input.File) bool {
	for r := tar.NewReader(newAhead(f)); ; {
		h, err := r.Next()
		if err != nil {
			return false
		}
		if h.Typeflag == tar.TypeReg && path.Clean(h.Name) == fileLayout {
			return true
		}
	}
}

// openArchive reads the headers of a tar archive. It returns nil if f is none, or
// holds no layout.
func openArchive(f *input.File) (*archive, error) {
	if !hasMagic(f) {
		return nil, nil
	}
	a := &archive{f, make(map[string]span)}
	src := newAhead(f)
	end := tarend.NewReader(src)
	var refused error
	for r := tar.NewReader(end); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("malformed tar archive: %w", err)
		}
		off, err := src.Seek(0, io.SeekCurrent) // the reader reads no further than the header
		if err == nil {
			err = a.add(h, off)
		}
		if refused == nil {
			refused = err
		}
		if len(a.members) > MaxFiles {
			return nil, fmt.Errorf("more than %d files", MaxFiles)
		}
	}
	if _, ok := a.members[fileLayout]; !ok {
		return nil, nil
	}
	return a, cmp.Or(refused, end.Check())
}

func hasMagic(f io.ReaderAt) bool {
	magic := make([]byte, len(ustar))
	n, err := f.ReadAt(magic, ustarOffset)
	return n == len(magic) && (err == nil || errors.Is(err, io.EOF)) && string(magic) == ustar
}

// add takes a member. What a layout does not have is refused, as are names by
// which two readers could mean different files.
func (a *archive) add(h *tar.Header, off int64) error {
	name := path.Clean(h.Name)
	switch {
	case h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader:
		return nil
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("member %q is a link, device or sparse file", h.Name)
	case !fs.ValidPath(name) || strings.Contains(h.Name, "..") || strings.Contains(h.Name, `\`):
		return fmt.Errorf("member %q has a name that leads elsewhere", h.Name)
	}
	if _, ok := a.members[name]; ok {
		return fmt.Errorf("member %q stands twice", h.Name)
	}
	a.members[name] = span{off, h.Size}
	return nil
}

func (a *archive) open(name string) (io.ReaderAt, int64, io.Closer, error) {
	m, ok := a.members[name]
	if !ok {
		return nil, 0, nil, errMissing
	}
	return io.NewSectionReader(a.file, m.off, m.size), m.size, nil, nil
}

func (a *archive) list(dir string) ([]string, error) {
	var names []string
	for name := range maps.Keys(a.members) {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// all returns the files of the archive, in its order.
func (a *archive) all() []Other {
	out := make([]Other, 0, len(a.members))
	for name, m := range a.members {
		out = append(out, Other{name, io.NewSectionReader(a.file, m.off, m.size)})
	}
	slices.SortFunc(out, func(x, y Other) int { return cmp.Compare(a.members[x.Name].off, a.members[y.Name].off) })
	return out
}

func (a *archive) close() error { return nil }
