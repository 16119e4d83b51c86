package export

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// Manifest is export.json. Its form is canonical (RFC 8785).
type Manifest struct {
	Checksums Checksums `json:"checksums"`
	Counts    Counts    `json:"counts"`
	CreatedAt string    `json:"createdAt"` // RFC 3339 in UTC, whole seconds; proves nothing
	Files     []File    `json:"files"`     // sorted by path
	Format    string    `json:"format"`
	Profile   string    `json:"profile,omitzero"` // what kind of export it is, such as json:raw
}

// Checksums names the file of checksums.
type Checksums struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Counts are what the files come to.
type Counts struct {
	Bytes int64 `json:"bytes"`
	Files int   `json:"files"`
}

// sums is checksums.txt: as sha256sum writes it, in the order of the manifest.
func (m *Manifest) sums() []byte {
	var b bytes.Buffer
	for _, f := range m.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Path)
	}
	return b.Bytes()
}

// marshal returns the manifest in canonical form.
func (m *Manifest) marshal() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	v := jsontext.Value(b)
	if err := v.Canonicalize(); err != nil {
		return nil, err
	}
	return v, nil
}

// isManifest reports whether a text begins as a manifest does. The form is
// canonical, so there is one way to begin.
func isManifest(head []byte) bool {
	return bytes.HasPrefix(head, []byte(`{"checksums":{"path":"`+ChecksumsName+`","sha256":"`))
}

// ParseManifest reads a manifest, which must be in canonical form and agree with
// itself. Errors are input.malformed.
func ParseManifest(b []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(b, m, json.RejectUnknownMembers(true)); err != nil {
		return nil, fault.Wrap(fault.InputMalformed, err, "malformed %s", ManifestName)
	}
	if m.Format != Format {
		return nil, fault.New(fault.InputMalformed, "%s has the format %.40q, and %q is known", ManifestName, m.Format, Format)
	}
	again, err := m.marshal()
	if err != nil || !bytes.Equal(again, b) {
		return nil, fault.New(fault.InputMalformed, "%s is not in canonical form", ManifestName)
	}
	if err := m.check(); err != nil {
		return nil, fault.New(fault.InputMalformed, "%s contradicts itself: %s", ManifestName, err)
	}
	return m, nil
}

// check finds what a manifest that was signed should not say.
func (m *Manifest) check() error {
	if len(m.Files) == 0 || len(m.Files) > MaxFiles {
		return fmt.Errorf("it lists %d files", len(m.Files))
	}
	total := int64(0)
	for i, f := range m.Files {
		switch {
		case !validPath(f.Path):
			return fmt.Errorf("it lists a file %.100q", f.Path)
		case i > 0 && m.Files[i-1].Path >= f.Path:
			return fmt.Errorf("its files are not in order at %.100q", f.Path)
		case !strictjson.IsSHA256(f.SHA256), f.Size < 0, total+f.Size < total:
			return fmt.Errorf("digest or size of %.100q is none", f.Path)
		}
		total += f.Size
	}
	if m.Counts != (Counts{total, len(m.Files)}) {
		return fmt.Errorf("its counts are not those of its files")
	}
	if _, err := time.Parse(time.RFC3339, m.CreatedAt); err != nil {
		return fmt.Errorf("createdAt is no time")
	}
	if m.Checksums.Path != ChecksumsName || m.Checksums.SHA256 != sumOf(m.sums()) {
		return fmt.Errorf("its checksums are not those of its files")
	}
	return nil
}
