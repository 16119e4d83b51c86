package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasten has the system begin to put n bytes of a file on disk, from off on, and waits
// for nothing (sync_file_range(2)). Whether that comes about is of no consequence: Sync
// is what counts.
func hasten(f *os.File, off, n int64) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) {
		_ = unix.SyncFileRange(int(fd), off, n, unix.SYNC_FILE_RANGE_WRITE)
	})
}
