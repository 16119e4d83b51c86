package forensic

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// hashing is a member's content that is hashed as it is read.
type hashing struct {
	r    io.Reader
	sum  hash.Hash
	size int64
	err  error // of reading, but for the end
}

func newHashing(r io.Reader) *hashing { return &hashing{r: r, sum: sha256.New()} }

// Read implements io.Reader.
func (h *hashing) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.sum.Write(p[:n])
	h.size += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		h.err = err
	}
	return n, err
}

// hashBlock is how much is read at once, in bytes.
const hashBlock = 256 << 10

// rest reads to the end.
func (h *hashing) rest() error {
	if h.err == nil {
		_, _ = io.Copy(io.Discard, h) // Read keeps the error
	}
	return h.err
}

func (h *hashing) hex() string { return hex.EncodeToString(h.sum.Sum(nil)) }
