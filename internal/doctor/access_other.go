//go:build !unix

package doctor

import "os"

// SystemAccess can only tell whether the file is there.
func SystemAccess(path string, _ Access) error {
	_, err := os.Stat(path)
	return err
}
