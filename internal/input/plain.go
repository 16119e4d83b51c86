package input

import (
	"errors"
	"io"
	"io/fs"

	"github.com/stellaops/stella/internal/fault"
)

// heldInMemory bounds the files that OpenPlain reads at once, in bytes. A bundle
// over a small statement has about 1 KiB.
const heldInMemory = 64 << 10

// OpenPlain opens a regular file that was found in a directory, however large it
// is. It never waits for a pipe and does not follow a symbolic link in the last
// step of the path. A small file is read at once and holds no descriptor.
//
// What is not there any more, or is no regular file any more, has the reason
// input.changed.
func OpenPlain(path string) (*File, error) {
	f, err := openPlain(path)
	switch {
	case err == nil, fault.ReasonOf(err) != fault.Internal:
		return f, err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotRegular), isLink(err):
		return nil, fault.New(fault.InputChanged, "%s is not the file any more that it was when its directory was read", Display(path)).
			WithHint("let nothing write to the directory and run the command again").With("path", path)
	}
	return nil, openError(path, err)
}

// errNotRegular says that a path leads to something else than a regular file.
var errNotRegular = errors.New("not a regular file")

// small reads all of a small file.
func small(name string, size int64, at io.ReaderAt) (*File, error) {
	return (&File{name: name, size: size, at: at}).inMemory()
}

// inMemory returns a copy of f that needs nothing to be open.
func (f *File) inMemory() (*File, error) {
	b, err := f.ReadAll()
	if err != nil {
		return nil, err
	}
	return FromBytes(f.name, b), nil
}
