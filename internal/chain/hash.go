package chain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hash is the SHA-256 of a record. The zero value stands before the first one.
type Hash [sha256.Size]byte

// HexSize is the length of a hash in hex.
const HexSize = 2 * sha256.Size

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// AppendHex appends the hash in lower-case hex.
func (h Hash) AppendHex(b []byte) []byte { return hex.AppendEncode(b, h[:]) }

// ParseHash reads a hash in lower-case hex.
func ParseHash[T string | []byte](s T) (h Hash, err error) {
	if len(s) != HexSize {
		return Hash{}, fmt.Errorf("%.80q is not %d lower-case hex digits", string(s), HexSize)
	}
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'F' {
			return Hash{}, fmt.Errorf("%.80q is not %d lower-case hex digits", string(s), HexSize)
		}
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("%.80q is not %d lower-case hex digits", string(s), HexSize)
	}
	return h, nil
}

// Head is how far a chain goes: the number of its records and the hash of the last
// one.
type Head struct {
	Size uint64
	Hash Hash
}

// Next returns the head after record.
func (h Head) Next(record []byte) Head { return Head{h.Size + 1, sha256.Sum256(record)} }
