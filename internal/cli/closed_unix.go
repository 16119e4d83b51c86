//go:build !windows

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// startedClosed reports whether the standard stream f was closed when the
// program started. Go then opens the null device for it, for reading and
// writing, so that no later file gets its number; a user who throws output
// away opens that for writing only. A parent that does open it for both, as
// some do to ignore a child's output, is told the same: an artefact is lost.
func startedClosed(f *os.File) bool {
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	if err != nil || !os.SameFile(info, null) {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
