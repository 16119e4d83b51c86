package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// createTemp makes a new file in dir that only its owner can open and returns
// it with the mode that the finished file shall have: mode less the umask,
// which is learned from the file system because asking the process for it
// would mean setting it.
func createTemp(dir string, mode fs.FileMode) (*os.File, fs.FileMode, error) {
	name := filepath.Join(dir, ".stella-"+rand.Text()+".tmp")
	temp, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, 0, withoutPath(err)
	}
	info, err := temp.Stat()
	if err == nil {
		err = temp.Chmod(0o600)
	}
	if err != nil {
		_ = temp.Close()
		os.Remove(name)
		return nil, 0, withoutPath(err)
	}
	return temp, info.Mode().Perm(), nil
}

// renameNew gives temp the name path unless something has it already. A hard
// link is the one portable way without a race; where there are none, an empty
// file made with O_EXCL reserves the name first.
func renameNew(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil {
		return os.Remove(temp)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return reserveAndRename(temp, path)
}

func reserveAndRename(temp, path string) error {
	place, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(place.Close(), os.Rename(temp, path)); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}

// syncDir puts the new name on disk. Windows has no such call, and some file
// systems refuse it; the content is on disk either way.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil // a directory one may write to but not read
	}
	_ = d.Sync()
	return d.Close()
}

// withoutPath drops the temporary file's name from an error: the user knows
// the output by its own name.
func withoutPath(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}
