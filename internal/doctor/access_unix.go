//go:build unix

package doctor

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// SystemAccess asks the kernel what this user may do (access(2)), by the ids that
// it would open the file with.
func SystemAccess(path string, how Access) error {
	mode := uint32(unix.R_OK | unix.W_OK)
	if how == Write {
		mode = unix.W_OK | unix.X_OK
	}
	err := unix.Faccessat(unix.AT_FDCWD, path, mode, unix.AT_EACCESS)
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return errors.New("permission denied to this user")
	case err != nil:
		return &fs.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}
