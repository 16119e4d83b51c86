package audit

import "github.com/stellaops/stella/internal/chain"

// Hash is the SHA-256 of a line with its line feed. The zero value stands before
// the first record.
type Hash = chain.Hash

// Head is how far a log goes: the number of its records and the hash of the
// last one.
type Head = chain.Head

// follows reports whether line continues a log that ends in h.
func follows(h Head, line []byte) bool {
	seq, prev, ok := link(line)
	return ok && seq == h.Size+1 && prev == h.Hash
}
