package offlinekit

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// maxKit bounds what an archive expands to, in bytes. What is in it is bounded by its
// manifest.
const maxKit = input.MaxArtifact

// Source is a kit that can be read once: an archive, a stream of one, or the directory
// that it was unpacked to.
type Source struct {
	name   string
	closer io.Closer
	stream *bufio.Reader // of an archive
	root   *os.Root      // of a directory
}

// Open opens the kit called name: a directory, a tar archive as it is or compressed by
// gzip or zstd, or "-" for such an archive on stdin. The errors: fault.InputNotFound,
// fault.InputUnreadable, fault.KitNotOne.
func Open(name string, stdin io.Reader) (*Source, error) {
	if name != "-" {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return openDirectory(name)
		}
	}
	r, err := input.OpenStream(name, stdin)
	if err != nil {
		return nil, err
	}
	return NewSource(name, r), nil
}

// NewSource returns the kit that r gives as an archive; it is called name in messages.
func NewSource(name string, r io.ReadCloser) *Source {
	return &Source{name: name, closer: r, stream: bufio.NewReaderSize(r, 256<<10)}
}

func openDirectory(name string) (*Source, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read directory %s", input.Display(name)).With("path", name)
	}
	return &Source{name: name, closer: root, root: root}, nil
}

// Name returns what Open was given.
func (s *Source) Name() string { return s.name }

// Close lets go of the file or directory.
func (s *Source) Close() error { return s.closer.Close() }

// members are the files of the kit, in the order in which they stand there; those of a
// directory are put into the order of a kit.
func (s *Source) members() archive.Members {
	if s.root != nil {
		return s.files
	}
	head, err := s.stream.Peek(archive.HeadSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return failing(fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %s", input.Display(s.name)))
	}
	f := archive.Recognise(head)
	if f == archive.None || f == archive.Zip {
		return failing(s.notOne("it is no tar archive"))
	}
	return archive.ReadLargeTar(s.stream, f, maxKit)
}

func failing(err error) archive.Members {
	return func(yield func(archive.Member, error) bool) { yield(archive.Member{}, err) }
}

func (s *Source) notOne(why string) error {
	return fault.New(fault.KitNotOne, "%s is no offline kit: %s", input.Display(s.name), why).With("path", s.name).
		WithHint("name the archive that offline-kit build wrote, or the directory that it was unpacked to; is this the right medium?")
}

// files yields the files of a directory. It opens what is a regular file and follows no
// link.
func (s *Source) files(yield func(archive.Member, error) bool) {
	list, err := s.list()
	if err != nil {
		yield(archive.Member{}, err)
		return
	}
	for _, f := range list {
		if more, err := s.file(f, yield); err != nil || !more {
			if err != nil {
				yield(archive.Member{}, err)
			}
			return
		}
	}
}

// found is what stands in a directory under a name.
type found struct {
	name string
	mode fs.FileMode
}

func (s *Source) list() ([]found, error) {
	var list []found
	err := fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if list = append(list, found{name, d.Type()}); len(list) > 2*MaxEntries {
			return s.notOne("it holds too many files")
		}
		return nil
	})
	if err != nil && fault.ReasonOf(err) == fault.Internal {
		err = fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read directory %s", input.Display(s.name)).With("path", s.name)
	}
	slices.SortFunc(list, func(a, b found) int { return compareMembers(a.name, b.name) })
	return list, err
}

// compareMembers orders the files of a kit, those that are about it first.
func compareMembers(a, b string) int {
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return Compare(a, b)
}

func rank(name string) int {
	switch {
	case name == ManifestName:
		return 0
	case name == StatementName:
		return 1
	case IsEvidenceName(name):
		return 2
	}
	return 3
}

// file yields one file of a directory.
func (s *Source) file(f found, yield func(archive.Member, error) bool) (more bool, err error) {
	if !f.mode.IsRegular() {
		return yield(archive.Member{Name: f.name, Kind: kindOf(f.mode)}, nil), nil
	}
	file, err := s.root.Open(filepath.FromSlash(f.name))
	if err != nil {
		return false, s.unreadable(f.name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return false, s.unreadable(f.name, err)
	case !info.Mode().IsRegular():
		return false, s.unreadable(f.name, errors.New("it is not the regular file any more that it was"))
	}
	return yield(archive.Member{Name: f.name, Size: info.Size(), Content: &readable{s, f.name, file}}, nil), nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a link, which is not followed"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&(fs.ModeDevice|fs.ModeCharDevice) != 0:
		return "a device"
	}
	return "no regular file"
}

// readable gives a reason to what goes wrong while a file is read.
type readable struct {
	s    *Source
	name string
	r    io.Reader
}

// Read implements io.Reader.
func (r *readable) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.s.unreadable(r.name, err)
	}
	return n, err
}

func (s *Source) unreadable(name string, err error) error {
	path := strings.TrimSuffix(s.name, "/") + "/" + name
	return fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %q", path).With("path", path)
}
