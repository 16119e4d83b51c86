package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// createTemp makes a new file in dir that only its owner can open and returns
// it with the mode that the finished file shall have: mode less the umask,
// which is learned from the file system because asking the process for it
// would mean setting it.
func createTemp(fsys FS, dir string, mode fs.FileMode) (Handle, fs.FileMode, error) {
	name := filepath.Join(dir, ".stella-"+rand.Text()+".tmp")
	temp, err := fsys.Create(name, mode)
	if err != nil {
		return nil, 0, Cause(err)
	}
	info, err := temp.Stat()
	if err == nil {
		err = temp.Chmod(0o600)
	}
	if err != nil {
		_ = temp.Close()
		_ = fsys.Remove(name) // the first error is the one that matters
		return nil, 0, Cause(err)
	}
	return temp, info.Mode().Perm(), nil
}

// renameNew gives temp the name path unless something has it already. A hard
// link is the one portable way without a race; where there are none, an empty
// file made with O_EXCL reserves the name first.
func renameNew(fsys FS, temp, path string) error {
	err := fsys.Link(temp, path)
	if err == nil {
		return fsys.Remove(temp)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	return reserveAndRename(fsys, temp, path)
}

func reserveAndRename(fsys FS, temp, path string) error {
	place, err := fsys.Create(path, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(place.Close(), fsys.Rename(temp, path)); err != nil {
		_ = fsys.Remove(path) // the first error is the one that matters
		return err
	}
	return nil
}

// MakeDir makes the directory path and those above it that are missing, and
// puts their names on disk. The umask applies to mode. A nil fsys is OS.
func MakeDir(fsys FS, path string, mode fs.FileMode) error {
	if fsys == nil {
		fsys = OS()
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := MakeDir(fsys, parent, mode); err != nil {
			return err
		}
	}
	err := fsys.Mkdir(path, mode)
	if errors.Is(err, fs.ErrExist) {
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			return nil // another process was quicker
		}
	}
	if err != nil {
		return failed(path, err)
	}
	return fsys.SyncDir(parent)
}

// Cause drops the path from an error of the system: the message names it, or the user
// knows the file by another name.
func Cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		return le.Err
	}
	return err
}
