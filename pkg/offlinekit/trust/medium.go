package trust

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// directory is a medium that is mounted. No link leads out of it.
type directory struct {
	name string
	root *os.Root
}

func openDirectory(name string) (files, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read directory %s", input.Display(name)).With("path", name)
	}
	return &directory{name, root}, nil
}

func (d *directory) close() error { return d.root.Close() }

func (d *directory) has(name string) bool {
	info, err := d.root.Stat(filepath.FromSlash(name))
	return err == nil && info.Mode().IsRegular()
}

func (d *directory) list(dir string) []string {
	f, err := d.root.Open(filepath.FromSlash(path.Join(".", dir)))
	if err != nil {
		return nil
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil
	}
	return names
}

func (d *directory) read(name string, limit int64) ([]byte, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	// Asked before it is opened: opening a pipe waits for its other end.
	info, err := d.root.Stat(filepath.FromSlash(name))
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, d.failed(name, err)
	}
	f, err := d.root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, d.failed(name, err)
	}
	defer f.Close()
	return readAtMost(f, filepath.Join(d.name, name), limit)
}

func (d *directory) failed(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %q", filepath.Join(d.name, name)).With("path", name)
}

// memory is what an archive holds.
type memory map[string][]byte

func (m memory) close() error { return nil }

func (m memory) has(name string) bool { return m[name] != nil }

func (m memory) list(dir string) []string {
	var names []string
	for name := range m {
		if path.Dir(name) == path.Join(".", dir) {
			names = append(names, path.Base(name))
		}
	}
	return names
}

func (m memory) read(name string, limit int64) ([]byte, error) {
	b, found := m[name]
	switch {
	case !found:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case int64(len(b)) > limit:
		return nil, tooLarge(name, limit)
	}
	return b, nil
}

// readAtMost reads a file that may have no end.
func readAtMost(r io.Reader, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %q", name).With("path", name)
	}
	if int64(len(b)) > limit {
		return nil, tooLarge(name, limit)
	}
	return b, nil
}

func tooLarge(name string, limit int64) error {
	return fault.New(fault.InputTooLarge, "%q has more than the %d bytes that it may have", name, limit).With("path", name)
}

// readArchive reads the files of a tar archive into memory.
func readArchive(name string) (files, error) {
	f, err := input.Open(name, nil, MaxSum)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, archive.HeadSize)
	n, _ := f.ReadAt(head, 0)
	format := archive.Recognise(head[:n])
	if format == archive.None || format == archive.Zip {
		return nil, fault.New(fault.TrustNotFound, "%s is no directory and no tar archive", input.Display(name)).
			With("path", name).WithHint("name the directory or archive that trust publish export wrote")
	}
	m, sum := memory{}, int64(0)
	for member, err := range archive.ReadTar(io.NewSectionReader(f, 0, f.Size()), format) {
		switch {
		case err != nil:
		case member.Err != nil:
			err = member.Err
		case member.Kind != "":
			err = errors.New("it is a " + member.Kind)
		default:
			m[member.Name], err = readAtMost(member.Content, member.Name, MaxSum-sum)
			sum += int64(len(m[member.Name]))
		}
		if err != nil {
			return nil, fault.Wrap(fault.ArchiveMalformed, err, "%s, member %q", input.Display(name), member.Name).With("path", name)
		}
	}
	return m, nil
}
