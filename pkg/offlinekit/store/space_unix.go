//go:build linux || darwin

package store

import "golang.org/x/sys/unix"

// free returns how many bytes of a disk the user may still write, and whether that is
// known. The directory is there.
func free(dir string) (int64, bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil || s.Bavail > maxBlocks {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // its type depends on the system
}

// maxBlocks is more blocks than a disk has, and few enough for their bytes to be
// counted.
const maxBlocks = 1 << 43
