package trust

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Source is a TUF repository. Both methods return at most limit bytes, an error that
// is fs.ErrNotExist for a file that is not there, and fault.InputTooLarge for one
// that is larger. Names are as TUF, section 5, has them: "timestamp.json",
// "2.root.json", "ca/<hash>.root.pem".
type Source interface {
	Metadata(name string, limit int64) ([]byte, error)
	Target(name string, limit int64) ([]byte, error)
}

// The directories of a repository.
const (
	metadataDir = "metadata"
	targetsDir  = "targets"
)

const timestampFile = "timestamp.json"

// FileSource is a repository in a directory or an archive: its metadata in
// metadata/ and its targets in targets/, or its metadata beside targets/.
type FileSource struct {
	name     string // for messages
	files    files
	metadata string // directory
	targets  string // directory
}

var _ Source = (*FileSource)(nil)

// files are what a medium holds.
type files interface {
	read(name string, limit int64) ([]byte, error)
	has(name string) bool
	list(dir string) []string
	close() error
}

// OpenSource opens the repository in a directory, or in a tar archive, as it is or
// compressed. An archive is read whole, at most MaxSum bytes of content. What holds no
// trust is fault.TrustNotFound, with what was looked for.
func OpenSource(name string) (*FileSource, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.InputNotFound, "%s does not exist", input.Display(name)).With("path", name)
	case err != nil:
		return nil, fault.Wrap(fault.InputUnreadable, atomicfile.Cause(err), "failed to read %s", input.Display(name)).With("path", name)
	}
	s := &FileSource{name: name}
	if info.IsDir() {
		s.files, err = openDirectory(name)
	} else {
		s.files, err = readArchive(name)
	}
	if err != nil {
		return nil, err
	}
	if err := s.locate(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// locate finds the metadata: at the top, or in the trust/ of a kit.
func (s *FileSource) locate() error {
	for _, top := range []string{"", "trust"} {
		for _, dir := range []string{metadataDir, ""} {
			if s.files.has(path.Join(top, dir, timestampFile)) {
				s.metadata, s.targets = path.Join(top, dir), path.Join(top, targetsDir)
				return nil
			}
		}
	}
	return fault.New(fault.TrustNotFound, "there is no trust in %s: no %s/%s", input.Display(s.name), metadataDir, timestampFile).
		With("path", s.name).WithHint("name the directory or archive that trust publish export wrote; is this the right medium?")
}

// Close lets go of the directory.
func (s *FileSource) Close() error { return s.files.close() }

// Name returns what OpenSource was given.
func (s *FileSource) Name() string { return s.name }

// Metadata implements Source.
func (s *FileSource) Metadata(name string, limit int64) ([]byte, error) {
	return s.files.read(path.Join(s.metadata, name), limit)
}

// Target implements Source.
func (s *FileSource) Target(name string, limit int64) ([]byte, error) {
	return s.files.read(path.Join(s.targets, name), limit)
}

// newestRoot returns the highest version of a root that is there; 0 for none. A
// missing one between that and the trusted one is then said to be missing.
func (s *FileSource) newestRoot() int64 {
	var newest int64
	for _, name := range s.files.list(s.metadata) {
		number, is := strings.CutSuffix(name, ".root.json")
		if n, err := strconv.ParseInt(number, 10, 64); is && err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}
