package doctor

import (
	"errors"
	"io/fs"
	"runtime"
	"strconv"
)

// othersWrite reports whether other users can change a file. Windows has no
// such modes.
func othersWrite(info fs.FileInfo) bool { return open(info, 0o022) }

// othersUse reports whether other users can do anything at all with a file.
func othersUse(info fs.FileInfo) bool { return open(info, 0o077) }

func open(info fs.FileInfo, bits fs.FileMode) bool {
	return runtime.GOOS != "windows" && info.Mode().Perm()&bits != 0
}

// cause leaves out the path, which the sentence has already.
func cause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// quote makes a name one word of a command.
func quote(path string) string { return strconv.Quote(path) }
