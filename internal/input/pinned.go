package input

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// Pinned is the content of a File that must still have a known digest each
// time it is read: a file swapped between two passes is caught before anything
// rests on the second pass. It implements dsse.Content.
type Pinned struct {
	file *File
	sum  [sha256.Size]byte
}

// Pin returns the content of f that has the SHA-256 sum.
func (f *File) Pin(sum [sha256.Size]byte) *Pinned { return &Pinned{f, sum} }

// Size returns the length in bytes.
func (p *Pinned) Size() int64 { return p.file.size }

// WriteTo writes the content to w and fails if it is not what was pinned; w
// then holds bytes that must be discarded.
func (p *Pinned) WriteTo(w io.Writer) (int64, error) {
	h := sha256.New()
	buf := make([]byte, 256<<10)
	n, err := io.CopyBuffer(io.MultiWriter(w, h), onlyReader{p.file.Reader()}, buf)
	if err != nil {
		return n, err
	}
	if n != p.file.size || [sha256.Size]byte(h.Sum(nil)) != p.sum {
		return n, changed(p.file.name)
	}
	return n, nil
}

// onlyReader hides SectionReader.WriteTo, whose buffer is smaller than ours.
type onlyReader struct{ io.Reader }

// Content hashes f once and returns its content tied to what was found, so
// that every later reading is of the same bytes.
func (f *File) Content() (*Pinned, error) {
	h := sha256.New()
	if _, err := io.Copy(h, f.Reader()); err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", Display(f.name))
	}
	return f.Pin([sha256.Size]byte(h.Sum(nil))), nil
}

// SHA256Hex returns the digest that the content is tied to.
func (p *Pinned) SHA256Hex() string { return hex.EncodeToString(p.sum[:]) }

// Sum returns the digest that the content is tied to.
func (p *Pinned) Sum() [sha256.Size]byte { return p.sum }
