package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
)

// writableByOthers are the bits of a mode by which others than the owner write.
const writableByOthers fs.FileMode = 0o022

// guard refuses directories that are links, and those in which others than their owner
// could put a kit of their own. One that is missing is no harm. Modes say nothing on
// Windows.
func guard(dirs ...string) error {
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fault.Wrap(fault.KitFailed, atomicfile.Cause(err), "failed to read %q", dir).With("path", dir)
		case !info.IsDir():
			return fault.New(fault.StateUnusable, "%q is no directory, but %s, which is not followed", dir, kindOf(info)).
				With("path", dir).WithHint("put a directory in its place; to keep kits elsewhere, use --state DIR")
		case runtime.GOOS != "windows" && info.Mode().Perm()&writableByOthers != 0:
			return fault.New(fault.StateUnusable, "%q can be written by others than its owner, who could put a kit of their own there", dir).
				With("path", dir).WithHint("look at what is in it, and take that right away: chmod go-w DIR")
		}
	}
	return nil
}

func kindOf(info fs.FileInfo) string {
	if info.Mode()&fs.ModeSymlink != 0 {
		return "a link"
	}
	return "a file"
}

// entriesOf returns what is in a directory, nothing if it cannot be read.
func entriesOf(dir string) []fs.DirEntry {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	return entries
}

// removeTree removes a directory with all that is in it, or a file. Links are removed
// and not followed. What cannot be removed stays.
func removeTree(fsys atomicfile.FS, path string) {
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		for _, e := range entriesOf(path) {
			removeTree(fsys, filepath.Join(path, e.Name()))
		}
	}
	_ = fsys.Remove(path) // see sweep
}

func joined(names []string) string {
	const most = 8
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "...")
	}
	return strings.Join(names, ", ")
}
