package forensic

import (
	"bytes"
	"encoding/hex"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

const (
	// maxNoticed bounds the evidence that is looked at for what it is over while it is read, in
	// bytes: a signature over bare bytes is small.
	maxNoticed = 256 << 10
	// maxAside bounds an entry that is kept aside, and maxAllAside all of them, in bytes.
	maxAside    = 64 << 20
	maxAllAside = 2 << 30
	// maxWanted bounds how many entries are asked for.
	maxWanted = 100_000
)

// aside keeps the entries that somebody who comes before them in the snapshot asks for by
// digest: signatures by keys that sign a file itself, and time stamps. It is written while
// members are read, and read when all were.
type aside struct {
	wanted map[string]bool // SHA-256, 32 bytes
	kept   map[string]span
	shelf  shelf
}

func (a *aside) want(sum []byte) {
	if a.wanted == nil {
		a.wanted, a.kept = make(map[string]bool), make(map[string]span)
	}
	if len(a.wanted) < maxWanted {
		a.wanted[string(sum)] = true
	}
}

// notice takes in what a member of the attestations is over.
func (a *aside) notice(text []byte) {
	if !bytes.Contains(text, []byte(`"messageSignature"`)) {
		return
	}
	items, _, err := bundle.Read(input.FromBytes("", text))
	if err != nil {
		return // whoever judges it says so
	}
	for _, item := range items {
		if b := item.Blob; b != nil && b.Payload == nil && b.Algorithm == "SHA2_256" {
			a.want(b.Digest)
		}
	}
}

// wants reports whether the manifest says of a member that somebody asks for it.
func (a *aside) wants(e *Entry, m *archive.Member) bool {
	if len(a.wanted) == 0 || e == nil || e.Path != m.Name || m.Size > maxAside || a.shelf.end+m.Size > maxAllAside {
		return false
	}
	sum, err := hex.DecodeString(e.SHA256)
	return err == nil && a.wanted[string(sum)]
}

// keep keeps a member that is wanted, and returns a reader of it. An error of reading is met
// again by whoever reads on.
func (a *aside) keep(e *Entry, content *hashing) (io.Reader, error) {
	p, err := a.shelf.put(content)
	if err != nil && content.err == nil {
		return nil, err
	}
	if sum := content.sum.Sum(nil); content.err == nil && hex.EncodeToString(sum) == e.SHA256 {
		a.kept[string(sum)] = p
	}
	return a.shelf.at(p), nil
}

// content returns the entry with a SHA-256, in hex; nil if it was not kept.
func (a *aside) content(sum string) dsse.Content {
	b, err := hex.DecodeString(sum)
	p, there := a.kept[string(b)]
	if err != nil || !there {
		return nil
	}
	return shelved{&a.shelf, p}
}

// shelved is the content of a piece on a shelf.
type shelved struct {
	shelf *shelf
	at    span
}

var _ dsse.Content = shelved{}

// Size implements dsse.Content.
func (s shelved) Size() int64 { return s.at.size }

// WriteTo implements dsse.Content.
func (s shelved) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, s.shelf.at(s.at)) }
