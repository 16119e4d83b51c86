package oci

import (
	"errors"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// annotationName is where tools that write layouts keep the image's whole name.
const annotationName = "io.containerd.image.name"

// Image returns the one image in the layout: its digest, sha256:<hex>, which is that
// of its manifest or index, and its name without tag and digest, "" if the layout does not say it.
// What is attached to an image is none. A layout with none or several is
// fault.LayoutMalformed.
func (l *Layout) Image() (name, digest string, err error) {
	b, err := l.read(fileIndex, MaxManifest)
	if err != nil {
		return "", "", err
	}
	index, err := parseManifest(b)
	if err != nil {
		return "", "", l.malformed(fileIndex, err)
	}
	var images []descriptor
	for _, d := range index.manifests {
		is, err := l.isImage(d, index)
		if err != nil {
			return "", "", err
		}
		if is && (len(images) == 0 || images[0].digest != d.digest) {
			images = append(images, d)
		}
	}
	if len(images) != 1 {
		return "", "", fault.New(fault.LayoutMalformed, "the image layout %s holds %d images, and one is wanted", input.Display(l.name), len(images)).
			WithHint("name the image by its digest: NAME@sha256:<hex>")
	}
	return withoutTag(images[0].annotations[annotationName]), images[0].digest, nil
}

// isImage reports whether an entry of the index is an image, and not something that is
// attached to one.
func (l *Layout) isImage(d descriptor, index *manifest) (bool, error) {
	if !isManifestType(d.mediaType) || attachedTo(d, index) != "" {
		return false, nil
	}
	b, err := l.readBlob(d.digest, MaxManifest)
	if err != nil {
		return false, err
	}
	m, err := parseManifest(b)
	if err != nil {
		return false, l.malformed(d.digest, err)
	}
	own := found{manifest: m}
	return m.subject == "" && !own.holdsEvidence(), nil
}

// ParseImage reads the manifest or index of an image, and returns the digests of the
// manifests that an index lists, one for each platform. What is attached to an image is
// refused: it is none.
func ParseImage(manifest []byte) (platforms []string, err error) {
	m, err := parseManifest(manifest)
	if err != nil {
		return nil, err
	}
	own := found{manifest: m}
	if m.subject != "" || own.holdsEvidence() {
		return nil, errors.New("it is attached to an image, and is none itself")
	}
	for _, d := range m.manifests {
		platforms = append(platforms, d.digest)
	}
	return platforms, nil
}

// withoutTag returns an image's repository.
func withoutTag(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		return name[:i]
	}
	return name
}
