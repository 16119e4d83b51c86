package oci

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// Layout is an open image layout. Close it once, after the last use of what was
// read from it. It is not safe for concurrent use.
type Layout struct {
	name    string
	files   files
	all     func() []Other // all files of an archive, else nil
	inPlace bool           // a blob needs neither memory nor an open file of its own
	open    []io.Closer
	held    int64 // bytes of layers in memory
	roles   map[string]role
}

// files is where a layout lies. Names are slash-separated paths within it.
type files interface {
	// open opens a regular file. The closer may be nil. One that is not there is
	// errMissing.
	open(name string) (io.ReaderAt, int64, io.Closer, error)
	// list returns the names of the regular files in a directory, sorted, at most
	// MaxFiles.
	list(dir string) ([]string, error)
	close() error
}

// errMissing says that a layout lacks a file.
var errMissing = errors.New("it is missing")

// IsLayout reports whether a directory is an image layout, which its file
// "oci-layout" says.
func IsLayout(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, fileLayout))
	return err == nil && info.Mode().IsRegular()
}

// IsMark reports whether a regular file of this name, without its directory, makes an
// image layout of the directory that it is in.
func IsMark(base string) bool { return base == fileLayout }

// IsPart reports whether a layout is where a file of this name is looked for: a
// slash-separated path within the directory or archive. Nothing else in there is read
// as part of it, and not all of that is: see Covers.
func IsPart(name string) bool {
	dir, base := path.Split(name)
	return name == fileLayout || name == fileIndex || dir == dirBlobs+"/" && strictjson.IsSHA256(base)
}

// Other is something that lies beside a layout in the same archive.
type Other struct {
	Name    string
	Content *io.SectionReader
}

// Others returns what a layout's tar archive holds that the layout does not cover, in its
// order, and nothing for a layout that is in no archive. It must not be used once the
// archive is closed.
func (l *Layout) Others() []Other {
	if l.all == nil {
		return nil
	}
	return slices.DeleteFunc(l.all(), func(o Other) bool { return l.Covers(o.Name) })
}

// IsArchive reports whether a regular file begins as a tar archive does.
func IsArchive(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	return hasMagic(f)
}

// Open opens the layout in a directory.
func Open(dir string) (*Layout, error) {
	files, err := openDirectory(dir)
	if err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to open %s", input.Display(dir)).With("path", dir)
	}
	return opened(&Layout{name: dir, files: files})
}

// OpenTar opens the layout in a tar archive, which must stay open. It returns nil
// if f is no such archive.
func OpenTar(f *input.File) (*Layout, error) {
	files, err := openArchive(f)
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.LayoutMalformed, err, "%s", input.Display(f.Name())).With("path", f.Name())
	case files == nil:
		return nil, nil
	}
	return opened(&Layout{name: f.Name(), files: files, all: files.all})
}

// opened returns a layout once it was found to be one.
func opened(l *Layout) (*Layout, error) {
	if err := l.checkVersion(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Name returns the path that the layout was opened by.
func (l *Layout) Name() string { return l.name }

// Close releases the layout and everything that was read from it.
func (l *Layout) Close() error {
	var errs []error
	for _, c := range l.open {
		errs = append(errs, c.Close())
	}
	l.open = nil
	return errors.Join(append(errs, l.files.close())...)
}

// checkVersion reads the file that makes a directory a layout.
func (l *Layout) checkVersion() error {
	b, err := l.read(fileLayout, maxString)
	if err != nil {
		return err
	}
	var version string
	err = decode(b, func(d *strictjson.Decoder) error {
		return d.Object([]string{"imageLayoutVersion"}, func(string) error {
			version, err = d.String(maxString)
			return err
		})
	})
	if err != nil {
		return l.malformed(fileLayout, err)
	}
	if version != "1.0.0" {
		return fault.New(fault.LayoutMalformed, "%s is an image layout of version %q; only 1.0.0 is known", input.Display(l.name), version)
	}
	return nil
}

// read returns all of a small file.
func (l *Layout) read(name string, limit int64) ([]byte, error) {
	at, size, closer, err := l.files.open(name)
	if err != nil {
		return nil, l.malformed(name, err)
	}
	if closer != nil {
		defer closer.Close()
	}
	if size > limit {
		return nil, fault.New(fault.LayoutMalformed, "%s: %s is over the limit of %d bytes", input.Display(l.name), name, limit)
	}
	b, err := input.FromReaderAt(path.Join(l.name, name), at, size).ReadAll()
	return b, err
}

// readBlob returns all of a small blob after comparing it with its digest.
func (l *Layout) readBlob(digest string, limit int64) ([]byte, error) {
	name, err := blobName(digest)
	if err != nil {
		return nil, l.malformed(digest, err)
	}
	b, err := l.read(name, limit)
	if err == nil {
		err = l.compare(digest, sha256.Sum256(b))
	}
	return b, err
}

func (l *Layout) compare(digest string, sum [sha256.Size]byte) error {
	if digest == digestOf(sum) {
		return nil
	}
	return fault.New(fault.LayoutDigest, "%s: the blob %s has the digest %s", input.Display(l.name), digest, digestOf(sum)).
		With("path", l.name).With("expected", digest).With("found", digestOf(sum))
}

func digestOf(sum [sha256.Size]byte) string { return "sha256:" + hex.EncodeToString(sum[:]) }

// blobName is the path of a blob within a layout.
func blobName(digest string) (string, error) {
	name, found := strings.CutPrefix(digest, "sha256:")
	if !found || !strictjson.IsSHA256(name) {
		return "", errors.New("the digest is not sha256:<hex>, and no other algorithm is known")
	}
	return path.Join(dirBlobs, name), nil
}

// malformed says where in the layout something is wrong.
func (l *Layout) malformed(what string, err error) error {
	reason := fault.LayoutMalformed
	if found := fault.ReasonOf(err); found != fault.Internal {
		reason = found
	}
	return fault.Wrap(reason, err, "%s: %s", input.Display(l.name), what).With("path", l.name)
}
