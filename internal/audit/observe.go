package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"sync"

	"github.com/stellaops/stella/pkg/dsse"
)

// Observed is a message that knows the SHA-256 of its payload as soon as that was
// read once for any purpose, so that the log does not read a large document once
// more.
type Observed struct {
	dsse.Message

	mu  sync.Mutex
	sum string
}

// Observe returns m with an eye on it.
func Observe(m dsse.Message) *Observed { return &Observed{Message: m} }

// WriteTo implements dsse.Message.
func (o *Observed) WriteTo(w io.Writer) (int64, error) {
	if o.digest() != "" {
		return o.Message.WriteTo(w)
	}
	h := sha256.New()
	n, err := o.Message.WriteTo(io.MultiWriter(w, h))
	if err == nil && n == o.Size() {
		o.mu.Lock()
		o.sum = hex.EncodeToString(h.Sum(nil))
		o.mu.Unlock()
	}
	return n, err
}

func (o *Observed) digest() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sum
}
