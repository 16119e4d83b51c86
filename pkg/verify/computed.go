package verify

import (
	"encoding/hex"
	"hash"
	"sync"

	"github.com/stellaops/stella/pkg/dsse"
)

// computed is what one verification has found out about an artifact, so that each
// digest of it is computed once, however many statements it is compared with.
type computed struct {
	blob dsse.Message // the artifact as a signature over bare bytes sees it

	mu      sync.Mutex
	digests map[string]string // lower-case hex by algorithm
}

func newComputed(c dsse.Content) *computed {
	out := &computed{digests: make(map[string]string)}
	if c != nil {
		out.blob = dsse.NewBlob(c)
	}
	return out
}

// digest returns c's digest by h, the named algorithm.
func (k *computed) digest(algorithm string, h hash.Hash, c dsse.Content) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if d, ok := k.digests[algorithm]; ok {
		return d, nil
	}
	if _, err := c.WriteTo(h); err != nil {
		return "", err
	}
	k.digests[algorithm] = hex.EncodeToString(h.Sum(nil))
	return k.digests[algorithm], nil
}
