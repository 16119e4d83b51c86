package oci

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// found is a manifest of the layout, with what the index says of it.
type found struct {
	*manifest
	digest   string
	size     int64
	listed   *descriptor // as index.json has it; nil for what it does not list
	attached string      // digest of what it is about, "" if nothing says so
}

// The annotations of an index by which manifests are told apart.
const (
	annotationTag  = "org.opencontainers.image.ref.name"
	annotationKind = "kind" // of "cosign save"

	kindPrefix     = "dev.cosignproject.cosign/"
	kindImage      = kindPrefix + "image"
	kindImageIndex = kindPrefix + "imageIndex"
)

// attachedTag is the tag under which cosign keeps what belongs to an image.
var attachedTag = regexp.MustCompile(`(?:^|[:/])sha256-([0-9a-f]{64})\.(?:sig|att)$`)

// finder collects the manifests of a layout.
type finder struct {
	layout  *Layout
	seen    map[string]bool
	found   []found
	missing []string // digests that the index names and the layout lacks
	bytes   int64    // of the manifests that were read
}

// find returns the manifests that the index leads to, in its order, and those
// that lie among the blobs and name a subject, in the order of their digests.
func (l *Layout) find() (*finder, error) {
	f := &finder{layout: l, seen: make(map[string]bool)}
	b, err := l.read(fileIndex, MaxManifest)
	if err != nil {
		return nil, err
	}
	index, err := parseManifest(b)
	if err != nil {
		return nil, l.malformed(fileIndex, err)
	}
	if err := f.walk(index, "", maxDepth); err != nil {
		return nil, err
	}
	return f, f.scan()
}

// walk follows an index. inherited is what the index itself is attached to.
func (f *finder) walk(index *manifest, inherited string, depth int) error {
	if depth == 0 && len(index.manifests) > 0 {
		return f.layout.malformed(fileIndex, fmt.Errorf("indexes lie in each other more than %d deep", maxDepth))
	}
	for _, d := range index.manifests {
		if f.seen[d.digest] || !isManifestType(d.mediaType) {
			continue
		}
		m, err := f.read(d)
		if errors.Is(err, errMissing) {
			f.missing = append(f.missing, d.digest)
			continue
		}
		if err != nil {
			return err
		}
		attached := cmp.Or(m.subject, attachedTo(d, index), inherited)
		f.found = append(f.found, f.entry(m, d, attached, depth))
		if err := f.walk(m, attached, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// entry is a manifest that an index names.
func (f *finder) entry(m *manifest, d descriptor, attached string, depth int) found {
	out := found{manifest: m, digest: d.digest, size: m.size, attached: attached}
	if depth == maxDepth {
		out.listed = &d
	}
	return out
}

// read reads a manifest that an index names.
func (f *finder) read(d descriptor) (*manifest, error) {
	f.seen[d.digest] = true
	b, err := f.layout.readBlob(d.digest, MaxManifest)
	if err == nil {
		err = f.take(b)
	}
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, f.layout.malformed(d.digest, err)
	}
	return m, nil
}

// take counts a manifest.
func (f *finder) take(b []byte) error {
	if f.bytes += int64(len(b)); len(f.found) >= MaxManifests || f.bytes > maxManifestBytes {
		return fault.New(fault.LayoutMalformed, "%s holds more than %d manifests, or more than %d bytes of them",
			input.Display(f.layout.name), MaxManifests, maxManifestBytes)
	}
	return nil
}

// attachedTo tells from an entry of an index what it is attached to: by its tag
// or, in what "cosign save" wrote, by being of another kind than the one image.
func attachedTo(d descriptor, index *manifest) string {
	if match := attachedTag.FindStringSubmatch(d.annotations[annotationTag]); match != nil {
		return "sha256:" + match[1]
	}
	kind := d.annotations[annotationKind]
	if !strings.HasPrefix(kind, kindPrefix) || kind == kindImage || kind == kindImageIndex {
		return ""
	}
	image := ""
	for _, other := range index.manifests {
		if k := other.annotations[annotationKind]; k == kindImage || k == kindImageIndex {
			if image != "" {
				return "" // several: nothing says which
			}
			image = other.digest
		}
	}
	return image
}

// scan looks among the blobs for manifests with a subject that no index lists.
func (f *finder) scan() error {
	names, err := f.layout.files.list(dirBlobs)
	if err != nil {
		return f.layout.malformed(dirBlobs, err)
	}
	for _, name := range names {
		digest := "sha256:" + name
		if f.seen[digest] || !strictjson.IsSHA256(name) {
			continue
		}
		m, err := f.unlisted(digest)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		f.found = append(f.found, found{manifest: m, digest: digest, size: m.size, attached: m.subject})
	}
	return nil
}

// unlisted returns the manifest that a blob is if it has a subject, else nil: most
// blobs are something else.
func (f *finder) unlisted(digest string) (*manifest, error) {
	name := path.Join(dirBlobs, strings.TrimPrefix(digest, "sha256:"))
	at, size, closer, err := f.layout.files.open(name)
	if err != nil {
		return nil, f.layout.malformed(digest, err)
	}
	if closer != nil {
		defer closer.Close()
	}
	head := make([]byte, 64)
	n, _ := at.ReadAt(head, 0)
	if size > MaxManifest || !bytes.HasPrefix(bytes.TrimLeft(head[:n], " \t\r\n"), []byte("{")) {
		return nil, nil
	}
	b, err := input.FromReaderAt(digest, at, size).ReadAll()
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(b)
	if err != nil || m.subject == "" {
		return nil, nil //nolint:nilerr // JSON of another kind
	}
	if err := f.take(b); err != nil {
		return nil, err
	}
	return m, f.layout.compare(digest, sha256.Sum256(b))
}

func isManifestType(t string) bool {
	return t == typeManifest || t == typeIndex || t == typeDocker || t == typeDockerIndex
}
