package gather

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/spill"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	// namesMemory bounds the names of one directory in memory, in bytes.
	namesMemory = 1 << 20
	// namesAtOnce is how many names are read at a time.
	namesAtOnce = 1024
	// maxDepth bounds how deep directories are in each other: the names of all that
	// are open are in memory.
	maxDepth = 64
)

// directory walks a directory. One that is an image layout is yielded as such, and then
// all that it does not cover is walked as anywhere: a file called oci-layout must not
// hide what lies beside it. around is the innermost image layout that dir is in, nil for
// none.
func (w *walk) directory(self verify.Piece, depth int, around *oci.Layout) bool {
	dir, layout := self.Name, oci.IsLayout(self.Name)
	if layout {
		l, err := oci.Open(dir)
		if err != nil {
			return w.failed(self, err)
		}
		if !w.layout(self, l) {
			return false
		}
		around = l
	}
	self.Named = false
	if depth > maxDepth {
		return w.failed(self, fault.New(fault.InputTooLarge, "directories are more than %d deep", maxDepth).
			WithHint("name the deeper directory itself"))
	}
	for e, err := range entriesOf(dir) {
		if err != nil {
			return w.flush() && w.failed(self, err)
		}
		p := verify.Piece{Name: e.path}
		if e.kind == kindFile && covers(around, p.Name) {
			continue
		}
		if !w.entry(p, e.kind, depth, around) {
			return false
		}
	}
	return w.flush() && (depth > 0 || layout || w.give(verify.Piece{Name: dir, Named: true, End: true}))
}

// covers reports whether a file needs no look but that of the image layout around it.
func covers(around *oci.Layout, name string) bool {
	if around == nil {
		return false
	}
	within, err := filepath.Rel(around.Name(), name)
	return err == nil && around.Covers(filepath.ToSlash(within))
}

// entry walks on to one entry of a directory.
func (w *walk) entry(p verify.Piece, is kind, depth int, around *oci.Layout) bool {
	if is == kindFile {
		return w.hold(p)
	}
	if !w.flush() {
		return false
	}
	switch is {
	case kindDirectory:
		return w.directory(p, depth+1, around)
	case kindLink:
		return w.passOver(p, "a symbolic link, which is not followed")
	}
	return w.passOver(p, "not a regular file")
}

// entry is what stands in a directory.
type entry struct {
	path string // joined to the directory's
	name string // the last part of path
	kind kind
}

type kind byte

const (
	kindFile kind = iota
	kindDirectory
	kindLink
	kindOther
)

// entriesOf yields the entries of a directory in the order of the paths that begin
// with them: a directory sorts as its name with a slash behind. An error is the
// last element.
func entriesOf(dir string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		names := spill.NewSorter("the names of a directory", namesMemory)
		defer names.Close()
		if err := readNames(dir, names); err != nil {
			yield(entry{}, err)
			return
		}
		prefix := strings.TrimSuffix(filepath.Join(dir, "x"), "x") // what Join puts before any name
		for record, err := range names.Sorted() {
			if err != nil {
				yield(entry{}, err)
				return
			}
			name, k := record[:len(record)-2], kind(record[len(record)-1])
			path := prefix + string(bytes.TrimSuffix(name, []byte("/")))
			if !yield(entry{path, path[len(prefix):], k}, nil) {
				return
			}
		}
	}
}

// readNames adds to names a record for each entry: its name, for a directory with a
// slash, a NUL, which no name holds, and its kind.
func readNames(dir string, names *spill.Sorter) error {
	f, err := os.Open(dir)
	if err != nil {
		return unreadable(dir, err)
	}
	defer f.Close()
	var record []byte
	for {
		list, err := f.ReadDir(namesAtOnce)
		for _, e := range list {
			record = append(record[:0], e.Name()...)
			k := kindOf(e)
			if k == kindDirectory {
				record = append(record, '/')
			}
			if err := names.Add(append(record, 0, byte(k))); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(dir, err)
		}
	}
}

func kindOf(e fs.DirEntry) kind {
	switch mode := e.Type(); {
	case mode.IsRegular():
		return kindFile
	case mode.IsDir():
		return kindDirectory
	case mode&fs.ModeSymlink != 0:
		return kindLink
	}
	return kindOther
}

func unreadable(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.InputChanged, "directory %s is not there any more", input.Display(dir)).
			WithHint("let nothing write to the directory and run the command again")
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.InputUnreadable, "directory %s cannot be read: permission denied", input.Display(dir))
	}
	return fault.Wrap(fault.InputUnreadable, err, "failed to read directory %s", input.Display(dir))
}
