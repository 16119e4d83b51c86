package oci

import (
	"errors"
	"io"
	"path"

	"github.com/stellaops/stella/internal/bundle"
)

// role is what the manifests of a layout make of a blob. The zero value is that of one
// that no manifest leads to.
type role byte

const (
	// other is a layer of a type that is no evidence.
	other role = iota + 1
	// settled is a manifest, its configuration, or a layer that Evidence reads or lists.
	settled
)

// settle notes the roles of all blobs that f came upon.
func (l *Layout) settle(f *finder) {
	l.roles = make(map[string]role)
	note := func(digest string, r role) { l.roles[digest] = max(l.roles[digest], r) }
	for i := range f.found {
		m := &f.found[i]
		note(m.digest, settled)
		note(m.config.digest, settled)
		for _, d := range m.layers {
			if isEvidence(d.mediaType) || isForeign(d.mediaType) {
				note(d.digest, settled)
			} else {
				note(d.digest, other)
			}
		}
	}
}

// Covers reports whether a file of the layout needs no look of its own once Evidence was
// called: it was read, or is a layer of another type that does not begin as evidence
// does either. Every other file is one as in any directory, also a blob that no manifest
// leads to. name is a slash-separated path within the layout. A layout whose manifests
// cannot be read covers all its parts.
func (l *Layout) Covers(name string) bool {
	if !IsPart(name) {
		return false
	}
	if path.Dir(name) != dirBlobs || l.roles == nil {
		return true
	}
	switch l.roles["sha256:"+path.Base(name)] {
	case settled:
		return true
	case other:
		return !l.beginsAsEvidence(name)
	}
	return false
}

// beginsAsEvidence reports whether a file may be evidence. Of one that cannot be read
// whoever reads it says so.
func (l *Layout) beginsAsEvidence(name string) bool {
	at, _, closer, err := l.files.open(name)
	if err != nil {
		return true
	}
	if closer != nil {
		defer closer.Close()
	}
	head := make([]byte, 512)
	n, err := at.ReadAt(head, 0)
	return err != nil && !errors.Is(err, io.EOF) || bundle.CheckHead(head[:n]) == nil
}
