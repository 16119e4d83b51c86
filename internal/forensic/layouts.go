package forensic

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/strictjson"
)

// The files of an image layout (OCI image specification, image-layout.md). The one that
// makes a directory a layout stands behind its blobs, so the manifest says it beforehand.
const (
	layoutMark  = "/oci-layout"
	layoutIndex = "/index.json"
	layoutBlobs = "/blobs/sha256"
)

const (
	// maxLayouts bounds the image layouts of a snapshot that are judged as such. The files of
	// others are judged one by one.
	maxLayouts = 1000
	// maxLayoutFiles bounds what is kept of all of them.
	maxLayoutFiles = oci.MaxFiles
)

// layouts keeps aside what of the image layouts in a snapshot may be a manifest or
// evidence: what belongs together is known when the last of it came.
type layouts struct {
	dirs  map[string]*layout
	files int
	over  int // files that were not kept
	shelf shelf
}

// layout is one of them. It implements oci.Files.
type layout struct {
	shelf *shelf
	files map[string]span // by their names within the layout
}

var _ oci.Files = (*layout)(nil)

// listed takes in an entry of the manifest. Most are told by their text to make no layout.
func (l *layouts) listed(entry jsontext.Value) {
	if !bytes.Contains(entry, []byte(layoutMark[1:])) && bytes.IndexByte(entry, '\\') < 0 {
		return
	}
	var e Entry
	if json.Unmarshal(entry, &e) == nil && e.check() == nil {
		l.note(e.Path)
	}
}

// note takes in the path of an entry.
func (l *layouts) note(entry string) {
	dir, is := strings.CutSuffix(entry, layoutMark)
	if !is || len(l.dirs) == maxLayouts {
		return
	}
	if l.dirs == nil {
		l.dirs = make(map[string]*layout)
	}
	l.dirs[dir] = &layout{&l.shelf, make(map[string]span)}
}

// of returns the layout that a member is of, and its name there; nil if it is of none.
func (l *layouts) of(member string) (in *layout, name string) {
	if len(l.dirs) == 0 {
		return nil, ""
	}
	dir, file := path.Split(member) // as oci.IsPart says
	dir = strings.TrimSuffix(dir, "/")
	if "/"+file == layoutMark || "/"+file == layoutIndex {
		return l.dirs[dir], file
	}
	if above, is := strings.CutSuffix(dir, layoutBlobs); is && strictjson.IsSHA256(file) {
		return l.dirs[above], strings.TrimPrefix(layoutBlobs, "/") + "/" + file
	}
	return nil, ""
}

// keep keeps a file of a layout if it may be of interest. An error of reading is met again by
// whoever reads on.
func (l *layouts) keep(in *layout, name string, m *archive.Member, content *hashing) error {
	head := make([]byte, min(m.Size, 64))
	n, _ := io.ReadFull(content, head)
	if !oci.Interesting(head[:n]) {
		return nil
	}
	if l.files++; m.Size > input.MaxEvidence || l.files > maxLayoutFiles {
		in.files[name] = span{-1, m.Size}
		l.over++
		return nil
	}
	p, err := l.shelf.put(io.MultiReader(strings.NewReader(string(head[:n])), content))
	if content.err != nil {
		return nil
	}
	in.files[name] = p
	return err
}

// Open implements oci.Files. What could not be kept has its size and no content.
func (l *layout) Open(name string) (io.ReaderAt, int64, bool) {
	p, there := l.files[name]
	if p.off < 0 {
		return notKept{}, p.size, there
	}
	return l.shelf.at(p), p.size, there
}

// Names implements oci.Files.
func (l *layout) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.files)), func(name string) bool { return l.files[name].off < 0 })
}

// notKept is the content of a file that is too large, or one too many.
type notKept struct{}

// ReadAt implements io.ReaderAt.
func (notKept) ReadAt([]byte, int64) (int, error) {
	return 0, errors.New("it is too large, or one file too many in the image layouts of a snapshot")
}

// all yields the layouts in the order of their paths.
func (l *layouts) all() iter.Seq[gather.Nested] {
	return func(yield func(gather.Nested) bool) {
		for _, dir := range slices.Sorted(maps.Keys(l.dirs)) {
			if !yield(gather.Nested{Member: dir, Files: l.dirs[dir]}) {
				return
			}
		}
	}
}
