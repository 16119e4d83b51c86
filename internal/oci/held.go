package oci

import (
	"bytes"
	"io"
	"path"
	"slices"
)

// Files are the files of a layout that somebody else holds.
type Files interface {
	// Open returns the content of a file, or false if it is not there.
	Open(name string) (io.ReaderAt, int64, bool)
	// Names returns all names.
	Names() []string
}

// OpenFiles opens a layout that consists of files; its name is for messages. The files
// must stay as they are until it is closed.
func OpenFiles(name string, f Files) (*Layout, error) {
	return opened(&Layout{name: name, files: heldFiles{f}, inPlace: true})
}

type heldFiles struct{ Files }

var _ files = heldFiles{}

func (h heldFiles) open(name string) (io.ReaderAt, int64, io.Closer, error) {
	at, size, there := h.Open(name)
	if !there {
		return nil, 0, nil, errMissing
	}
	return at, size, nil, nil
}

func (h heldFiles) list(dir string) ([]string, error) {
	var names []string
	for _, name := range h.Names() {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (h heldFiles) close() error { return nil }

// Interesting reports whether a blob that begins with head may be a manifest, or
// evidence: both are JSON. A layer of another kind need not be held to find either.
func Interesting(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{"))
}
