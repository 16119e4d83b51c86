package export

import (
	"cmp"
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
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
	for found, err := range gather.Files(dir) {
		if err := cmp.Or(err, ctx.Err()); err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(dir, found.Path)
		if err != nil {
			return nil, err
		}
		rel = filepath.ToSlash(rel)
		if rel == ScriptName || slices.Contains(Written(), rel) {
			continue
		}
		if found.Kind != "" {
			return nil, irregular(found.Path)
		}
		f, err := describe(found.Path, rel)
		if err != nil {
			return nil, err
		}
		if out = append(out, f); len(out) > MaxFiles {
			return nil, fault.New(fault.InputTooLarge, "%s holds more than %d files", input.Display(dir), MaxFiles)
		}
	}
	return out, nil
}

func irregular(name string) error {
	return fault.New(fault.InputNotRegular, "%q is not a regular file, and an export has no place for it", name).
		With("path", name).WithHint("put a copy of the file there")
}

// describe hashes a regular file.
func describe(name, rel string) (File, error) {
	if !validPath(rel) {
		return File{}, fault.New(fault.InputMalformed, "%q has a name that not every system can have", name).With("path", name).
			WithHint("rename it: no backslash, no control characters, UTF-8, at most 1024 bytes")
	}
	f, err := input.OpenPlain(name)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	content, err := f.Content()
	if err != nil {
		return File{}, err
	}
	return File{Path: rel, SHA256: content.SHA256Hex(), Size: content.Size()}, nil
}

// insert puts a file in its place.
func insert(files []File, f File) []File {
	i, _ := slices.BinarySearchFunc(files, f, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return slices.Insert(files, i, f)
}

// validPath holds a path to what sha256sum writes without escapes and every system can
// have, and that leads nowhere else.
func validPath(p string) bool {
	return p != "" && len(p) <= maxName && utf8.ValidString(p) && strictjson.IsText(p) && !strings.ContainsAny(p, `\:`) &&
		path.Clean(p) == p && !strings.HasPrefix(p, "/") && p != ".." && !strings.HasPrefix(p, "../")
}
