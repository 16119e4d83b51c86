package offlinekit

import (
	"crypto/sha256"
	"hash"
)

// digester computes a SHA-256.
type digester struct{ h hash.Hash }

func newDigester() *digester { return &digester{sha256.New()} }

// Write adds p.
func (d *digester) Write(p []byte) { d.h.Write(p) }

// Sum returns the digest. Nothing may be written after it.
func (d *digester) Sum() [sha256.Size]byte { return [sha256.Size]byte(d.h.Sum(nil)) }
