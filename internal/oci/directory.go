package oci

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// directory is a layout in a directory. Nothing outside of it can be reached,
// whatever links lie in it.
type directory struct{ root *os.Root }

var _ files = directory{}

var errNotRegular = errors.New("it is not a regular file")

func openDirectory(dir string) (directory, error) {
	root, err := os.OpenRoot(dir)
	return directory{root}, err
}

func (d directory) open(name string) (io.ReaderAt, int64, io.Closer, error) {
	// Asked first, since opening a pipe would wait for its other end.
	info, err := d.root.Lstat(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil, errMissing
	}
	if err != nil {
		return nil, 0, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, nil, errNotRegular
	}
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, 0, nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(info, now) {
		err = errors.New("it changed while it was being opened")
	}
	if err != nil {
		return nil, 0, nil, errors.Join(err, f.Close())
	}
	return f, now.Size(), f, nil
}

func (d directory) list(dir string) ([]string, error) {
	f, err := d.root.Open(filepath.FromSlash(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(MaxFiles + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) > MaxFiles {
		return nil, fmt.Errorf("more than %d files", MaxFiles)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func (d directory) close() error { return d.root.Close() }
