package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify/material"
)

// maxAuthorities bounds a file that names authorities, in bytes. The public good
// instance's trusted root has 7 KB; a CRL may have some MB.
const maxAuthorities = 32 << 20

// trustFiles are the files of --trust by what they hold.
type trustFiles struct{ keys, roots []string }

// splitRoots tells Sigstore trusted roots from everything else by their content.
func splitRoots(paths []string) trustFiles {
	var out trustFiles
	for _, path := range paths {
		if isTrustedRoot(path) {
			out.roots = append(out.roots, path)
		} else {
			out.keys = append(out.keys, path)
		}
	}
	return out
}

// isTrustedRoot looks for the media type at the beginning of a file. What cannot
// be read is none: opening it later gives the error.
func isTrustedRoot(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 1<<10))
	return err == nil && bytes.Contains(head, []byte(`"application/vnd.dev.sigstore.trustedroot`))
}

// loadRoot reads Sigstore trusted roots, private CAs and time stamp authorities.
func loadRoot(s *session, roots, cas, tsas []string) (*material.Root, error) {
	var all []*material.Root
	for _, group := range []struct {
		paths []string
		parse func(string, []byte) (*material.Root, error)
	}{{roots, material.ParseRoot}, {tsas, material.ParseTSA}} {
		for _, path := range group.paths {
			data, err := readSmall(s, path)
			if err != nil {
				return nil, err
			}
			root, err := group.parse(path, data)
			if err != nil {
				return nil, err
			}
			all = append(all, root)
		}
	}
	private, err := loadCAs(s, cas)
	if err != nil {
		return nil, err
	}
	if all = append(all, private...); len(all) == 0 {
		return nil, nil
	}
	root, err := material.Join(all...)
	if err != nil {
		return nil, err
	}
	return root, root.CheckCRLs()
}

// loadCAs reads private CAs. A root, its intermediates and its CRLs may each have a
// file of their own: they find each other when they are joined.
func loadCAs(s *session, paths []string) ([]*material.Root, error) {
	names, err := filesIn(paths)
	if err != nil {
		return nil, err
	}
	var all []*material.Root
	for _, name := range names {
		data, err := readSmall(s, name)
		if err != nil {
			return nil, err
		}
		root, err := material.ParseCAs(name, data)
		if err != nil {
			return nil, err
		}
		all = append(all, root)
	}
	return all, nil
}

// filesIn returns the paths, with the files in a directory in its place, in the
// order of their names.
func filesIn(paths []string) ([]string, error) {
	var names []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			names = append(names, path) // opening gives the better error
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read directory %q", path)
		}
		before := len(names)
		for _, e := range entries {
			if !e.IsDir() {
				names = append(names, filepath.Join(path, e.Name()))
			}
		}
		if len(names) == before {
			return nil, fault.New(fault.TrustRequired, "there is no file in directory %q", path)
		}
	}
	return names, nil
}

func readSmall(s *session, name string) ([]byte, error) {
	f, err := input.Open(name, s.Stdin, maxAuthorities)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %q", name)
	}
	return data, nil
}
