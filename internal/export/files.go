package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// File is one file of an export.
type File struct {
	Path   string `json:"path"` // from the export, with slashes
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// scan returns the files in a directory, sorted by path, without those that are
// written about it, and without the script. What is no regular file is an error: an
// export that leaves out something in silence would not be the directory.
func scan(ctx context.Context, dir string) ([]File, error) {
	var out []File
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(dir))
		case ctx.Err() != nil:
			return ctx.Err()
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() || rel == ScriptName || slices.Contains(Written(), rel) {
			return checkDepth(rel)
		}
		f, err := describe(name, rel, d)
		if err != nil {
			return err
		}
		if out = append(out, f); len(out) > MaxFiles {
			return fault.New(fault.InputTooLarge, "%s holds more than %d files", input.Display(dir), MaxFiles)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out, err
}

func checkDepth(rel string) error {
	if strings.Count(rel, "/") > maxDepth {
		return fault.New(fault.InputTooLarge, "directories are more than %d deep", maxDepth)
	}
	return nil
}

// describe hashes a file.
func describe(name, rel string, d fs.DirEntry) (File, error) {
	switch {
	case !d.Type().IsRegular():
		return File{}, fault.New(fault.InputNotRegular, "%q is not a regular file, and an export has no place for it", name).
			With("path", name).WithHint("put a copy of the file there")
	case !validPath(rel):
		return File{}, fault.New(fault.InputMalformed, "%q has a name that not every system can have", name).With("path", name).
			WithHint("rename it: no backslash, no control characters, UTF-8, at most 1024 bytes")
	}
	f, err := os.Open(name)
	if err != nil {
		return File{}, fault.Wrap(fault.InputUnreadable, err, "failed to open %q", name).With("path", name)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return File{}, fault.Wrap(fault.InputUnreadable, err, "failed to read %q", name).With("path", name)
	}
	return File{Path: rel, SHA256: hex.EncodeToString(h.Sum(nil)), Size: n}, nil
}

// validPath holds a path to what sha256sum writes without escapes and every system can
// have, and that leads nowhere else.
func validPath(p string) bool {
	return p != "" && len(p) <= maxName && utf8.ValidString(p) && strictjson.IsText(p) && !strings.ContainsAny(p, `\:`) &&
		path.Clean(p) == p && !strings.HasPrefix(p, "/") && p != ".." && !strings.HasPrefix(p, "../")
}
