package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Hash is the SHA-256 of a line with its line feed. The zero value stands before
// the first record.
type Hash [sha256.Size]byte

const hexSize = 2 * sha256.Size

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

func (h Hash) appendHex(b []byte) []byte { return hex.AppendEncode(b, h[:]) }

func parseHash(s string) (h Hash, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) || strings.ToLower(s) != s {
		return Hash{}, fmt.Errorf("%.80q is not %d lower-case hex digits", s, hexSize)
	}
	return Hash(b), nil
}

// Head is how far a log goes: the number of its records and the hash of the
// last one.
type Head struct {
	Size uint64
	Hash Hash
}

// next returns the head after line.
func (h Head) next(line []byte) Head { return Head{h.Size + 1, sha256.Sum256(line)} }

// follows reports whether line continues a log that ends in h.
func (h Head) follows(line []byte) bool {
	seq, prev, ok := link(line)
	return ok && seq == h.Size+1 && prev == h.Hash
}
