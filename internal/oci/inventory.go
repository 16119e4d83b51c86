package oci

import (
	"cmp"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Top is a manifest that an index lists, or should list: one that only its subject
// leads to.
type Top struct {
	MediaType, Digest string
	Size              int64 // in bytes
	Annotations       map[string]string
	// Subject is the digest of what it is attached to; may be empty.
	Subject string
}

// Blob is a blob of a layout.
type Blob struct {
	Digest string
	Size   int64  // in bytes
	Of     string // digest of a manifest that names it; empty for a manifest itself
}

// Inventory is all that images and what refers to them consist of.
type Inventory struct {
	// Tops are in the order of the index, and then in that of their digests.
	Tops []Top
	// Blobs are the manifests, their configurations and layers, each once, sorted by
	// digest. They were not read, but for the manifests.
	Blobs []Blob
	// Missing are blobs that a manifest or index names and the layout lacks, and
	// Orphans what refers to a manifest that it lacks.
	Missing []Blob
	Orphans []Top
}

// Inventory lists all images that the index of the layout leads to, and every manifest
// among the blobs that is attached to something, whether the index lists it or not.
func (l *Layout) Inventory() (*Inventory, error) {
	f, err := l.find()
	if err != nil {
		return nil, err
	}
	out := &Inventory{}
	blobs := make(map[string]Blob)
	for _, digest := range f.missing {
		out.Missing = append(out.Missing, Blob{Digest: digest})
	}
	for i := range f.found {
		m := &f.found[i]
		blobs[m.digest] = Blob{Digest: m.digest, Size: m.size}
		for _, d := range m.parts() {
			if _, known := blobs[d.digest]; !known && !f.seen[d.digest] {
				blobs[d.digest] = Blob{d.digest, d.size, m.digest}
			}
		}
		if top := m.top(); top != nil {
			out.Tops = append(out.Tops, *top)
		}
	}
	for _, digest := range slices.Sorted(maps.Keys(blobs)) {
		if err := l.account(out, blobs[digest]); err != nil {
			return nil, err
		}
	}
	out.Orphans = orphans(f.found)
	return out, nil
}

// parts are what a manifest consists of that is not followed otherwise.
func (m *manifest) parts() []descriptor {
	parts := slices.Clone(m.layers)
	if m.config.digest != "" {
		parts = append(parts, m.config)
	}
	for _, d := range m.manifests {
		if !isManifestType(d.mediaType) {
			parts = append(parts, d)
		}
	}
	return parts
}

// top returns the entry of an index for m, or nil if another manifest leads to it.
func (m *found) top() *Top {
	switch {
	case m.listed != nil:
		return &Top{m.listed.mediaType, m.digest, m.size, m.listed.annotations, m.attached}
	case m.subject != "":
		kind := typeManifest
		if len(m.manifests) > 0 {
			kind = typeIndex
		}
		return &Top{cmp.Or(m.mediaType, kind), m.digest, m.size, nil, m.subject}
	}
	return nil
}

// account says of a blob whether the layout has it.
func (l *Layout) account(out *Inventory, b Blob) error {
	name, err := blobName(b.Digest)
	if err != nil {
		return l.malformed(b.Digest, err)
	}
	size, err := l.size(name)
	switch {
	case errors.Is(err, errMissing):
		out.Missing = append(out.Missing, b)
		return nil
	case err != nil:
		return l.malformed(b.Digest, err)
	case size != b.Size:
		return fault.New(fault.LayoutDigest, "%s: the blob %s has %d bytes; its descriptor says %d", input.Display(l.name), b.Digest, size, b.Size).
			With("path", l.name)
	}
	out.Blobs = append(out.Blobs, b)
	return nil
}

func (l *Layout) size(name string) (int64, error) {
	_, size, closer, err := l.files.open(name)
	if err != nil || closer == nil {
		return size, err
	}
	return size, closer.Close()
}

// orphans are those whose subject is not there.
func orphans(all []found) []Top {
	there := make(map[string]bool)
	for i := range all {
		there[all[i].digest] = true
	}
	var out []Top
	for i := range all {
		if top := all[i].top(); top != nil && top.Subject != "" && !there[top.Subject] {
			out = append(out, *top)
		}
	}
	return out
}

// OpenBlob opens a blob for reading it once. Its digest is not compared.
func (l *Layout) OpenBlob(digest string) (io.ReadCloser, error) {
	name, err := blobName(digest)
	if err != nil {
		return nil, l.malformed(digest, err)
	}
	at, size, closer, err := l.files.open(name)
	if err != nil {
		return nil, l.malformed(digest, err)
	}
	if closer == nil {
		closer = io.NopCloser(nil)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(at, 0, size), closer}, nil
}

// Index returns the text of an index.json that lists all tops, and the text of the
// file oci-layout. Both depend on nothing but the tops, whatever their order.
func Index(tops []Top) (index, layout []byte, err error) {
	type entry struct {
		MediaType   string            `json:"mediaType"`
		Digest      string            `json:"digest"`
		Size        int64             `json:"size"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	order := func(a, b Top) int {
		return cmp.Or(strings.Compare(a.Digest, b.Digest), strings.Compare(fmt.Sprint(a.Annotations), fmt.Sprint(b.Annotations)))
	}
	sorted := slices.SortedFunc(slices.Values(tops), order)
	sorted = slices.CompactFunc(sorted, func(a, b Top) bool { return order(a, b) == 0 })
	entries := make([]entry, 0, len(sorted))
	for _, t := range sorted {
		if len(t.Annotations) == 0 && slices.ContainsFunc(sorted, func(o Top) bool { return o.Digest == t.Digest && len(o.Annotations) > 0 }) {
			continue // listed under a name as well
		}
		entries = append(entries, entry{t.MediaType, t.Digest, t.Size, t.Annotations})
	}
	index, err = json.Marshal(struct {
		SchemaVersion int     `json:"schemaVersion"`
		MediaType     string  `json:"mediaType"`
		Manifests     []entry `json:"manifests"`
	}{2, typeIndex, entries}, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return index, []byte(`{"imageLayoutVersion":"1.0.0"}`), err
}
