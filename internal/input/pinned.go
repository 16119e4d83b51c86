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
	n, err := io.CopyBuffer(io.MultiWriter(w, h), onlyReader{p.file.Reader()}, p.file.buffer())
	if err != nil {
		return n, err
	}
	if n != p.file.size || [sha256.Size]byte(h.Sum(nil)) != p.sum {
		return n, changed(p.file.name)
	}
	return n, nil
}

// maxBuffer is how much of a file is read at once, in bytes.
const maxBuffer = 256 << 10

// buffer returns a buffer to copy the file with: a small one for a small file, since
// there may be a hundred thousand of them. It has a byte more than the file, which
// then ends with the first reading.
func (f *File) buffer() []byte { return make([]byte, min(maxBuffer, max(0, f.size)+1)) }

// onlyReader hides SectionReader.WriteTo, whose buffer is smaller than ours.
type onlyReader struct{ io.Reader }

// Content hashes f once and returns its content tied to what was found, so
// that every later reading is of the same bytes.
func (f *File) Content() (*Pinned, error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(h, onlyReader{f.Reader()}, f.buffer()); err != nil {
		return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", Display(f.name))
	}
	return f.Pin([sha256.Size]byte(h.Sum(nil))), nil
}

// SHA256Hex returns the digest that the content is tied to.
func (p *Pinned) SHA256Hex() string { return hex.EncodeToString(p.sum[:]) }

// Sum returns the digest that the content is tied to.
func (p *Pinned) Sum() [sha256.Size]byte { return p.sum }
