//go:build !linux && !darwin

package store

// free returns how many bytes of a disk the user may still write, and whether that is
// known.
func free(string) (int64, bool) { return 0, false }
