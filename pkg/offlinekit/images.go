package offlinekit

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
)

const (
	// heldBlob bounds a blob of an image that is kept in memory, and heldBlobs all of
	// them, in bytes. Others that may be evidence go to temporary files.
	heldBlob  = 256 << 10
	heldBlobs = 32 << 20
)

// images keeps what may be a manifest or evidence of the layout in a kit. It implements
// oci.Files.
type images struct {
	manifest *Manifest
	files    map[string]*input.File
	held     int64
}

var _ oci.Files = (*images)(nil)

func newImages(m *Manifest) *images { return &images{manifest: m, files: map[string]*input.File{}} }

func (m *images) close() {
	for _, f := range m.files {
		_ = f.Close() // only read
	}
}

// add keeps a file if it may be of interest.
func (m *images) add(e *Entry, content io.Reader) error {
	if e.Size > input.MaxEvidence {
		return nil
	}
	head := make([]byte, min(e.Size, 64))
	if _, err := io.ReadFull(content, head); err != nil {
		return err
	}
	if !oci.Interesting(head) {
		return nil
	}
	all := io.MultiReader(strings.NewReader(string(head)), content)
	f, err := m.keep(e, all)
	if err == nil {
		m.files[strings.TrimPrefix(e.Name, imagesDir)] = f
	}
	return err
}

func (m *images) keep(e *Entry, content io.Reader) (*input.File, error) {
	if e.Size > heldBlob || m.held+e.Size > heldBlobs {
		return input.Aside(e.Name, content, e.Size)
	}
	m.held += e.Size
	b, err := io.ReadAll(content)
	return input.FromBytes(e.Name, b), err
}

// Open implements oci.Files. What is in the kit and was not kept has its size and no
// content: nobody reads it.
func (m *images) Open(name string) (io.ReaderAt, int64, bool) {
	if f := m.files[name]; f != nil {
		return f, f.Size(), true
	}
	if e := m.manifest.Entry(imagesDir + name); e != nil {
		return gone{}, e.Size, true
	}
	return nil, 0, false
}

// gone is the content of a file that was passed over.
type gone struct{}

var errPassedOver = errors.New("the file is neither a manifest nor evidence")

// ReadAt implements io.ReaderAt.
func (gone) ReadAt([]byte, int64) (int, error) { return 0, errPassedOver }

// Names implements oci.Files.
func (m *images) Names() []string {
	var names []string
	for name := range m.files {
		names = append(names, name)
	}
	return names
}

// judge says what is missing of the images, and for what is attached to them.
func (m *images) judge(j *judge, digests map[string]bool) (*opinion, error) {
	o := &opinion{}
	l, err := oci.OpenFiles(strings.TrimSuffix(imagesDir, "/"), m)
	if err != nil {
		return nil, err
	}
	found, err := l.Inventory()
	if err != nil {
		return nil, err
	}
	for _, b := range found.Missing {
		of := "index.json"
		if b.Of != "" {
			of = "the manifest " + b.Of
		}
		o.gap(GapBlob, imagesDir+"blobs/sha256/"+digestHex(b.Digest), "", fmt.Sprintf("%s names it, and it is not in the kit", of), "copy the image whole, and build the kit again")
	}
	for _, t := range found.Orphans {
		o.gap(GapReferrer, imagesDir+"blobs/sha256/"+digestHex(t.Digest), "", "it is attached to "+t.Subject+", which is not in the kit", "add that image with --image")
	}
	return o, j.layout(o, l, digests)
}
