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

const (
	// hashBlock is how much is read while what was read before is hashed, in bytes.
	hashBlock = 256 << 10
	// worthTwo is from how many bytes on that is worth a goroutine.
	worthTwo = 4 * hashBlock
)

// rest reads to the end. size is that of all the content, as its archive says it:
// reading, which mostly is decompressing, and hashing of much content go on at the
// same time.
func (h *hashing) rest(size int64) error {
	if h.err == nil && size-h.size < worthTwo {
		_, _ = io.Copy(io.Discard, h) // Read keeps the error
		return h.err
	}
	if h.err != nil {
		return h.err
	}
	full, empty := make(chan []byte, 1), make(chan []byte, 2)
	empty <- make([]byte, hashBlock)
	empty <- make([]byte, hashBlock)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for b := range full {
			h.sum.Write(b)
			empty <- b[:cap(b)]
		}
	}()
	for {
		b := <-empty
		n, err := io.ReadFull(h.r, b)
		h.size += int64(n)
		full <- b[:n]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break // an archive says in its own words that it is truncated
		}
		if err != nil {
			h.err = err
			break
		}
	}
	close(full)
	<-done
	return h.err
}

func (h *hashing) hex() string { return hex.EncodeToString(h.sum.Sum(nil)) }
