package dsse

import (
	"bytes"
	"crypto"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
)

// Message is what a signature covers: a payload and its type. The payload
// need not be in memory; it can be read again, and gives the same bytes each
// time or fails.
type Message interface {
	PayloadType() string
	// Size returns the payload's length in bytes.
	Size() int64
	// WriteTo writes the payload, not its PAE, to w.
	WriteTo(w io.Writer) (int64, error)
	// Digest returns h over the PAE of the message.
	Digest(h crypto.Hash) ([]byte, error)
}

// Content is a sequence of bytes that can be written any number of times and
// knows its length beforehand.
type Content interface {
	Size() int64
	WriteTo(w io.Writer) (int64, error)
}

// Bytes is Content in memory.
type Bytes []byte

// Size returns the number of bytes.
func (b Bytes) Size() int64 { return int64(len(b)) }

// WriteTo writes the bytes to w.
func (b Bytes) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b)
	return int64(n), err
}

// Concat is Content that is several contents one after the other.
type Concat []Content

// Size returns the sum of the sizes.
func (c Concat) Size() int64 {
	var n int64
	for _, part := range c {
		n += part.Size()
	}
	return n
}

// WriteTo writes the parts in order.
func (c Concat) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for _, part := range c {
		n, err := part.WriteTo(w)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// payload is the Message of this package. It computes each digest once.
type payload struct {
	Content
	payloadType string

	mu      sync.Mutex
	digests map[crypto.Hash][]byte
}

var _ Message = (*payload)(nil)

// NewMessage returns a Message over c. It reads nothing.
func NewMessage(payloadType string, c Content) Message {
	return &payload{Content: c, payloadType: payloadType, digests: make(map[crypto.Hash][]byte)}
}

func (p *payload) PayloadType() string { return p.payloadType }

func (p *payload) Digest(h crypto.Hash) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d, ok := p.digests[h]; ok {
		return slices.Clone(d), nil
	}
	hashes, err := newPAEHashes(p, h)
	if err != nil {
		return nil, err
	}
	if err := copyExactly(hashes, p); err != nil {
		return nil, err
	}
	p.digests[h] = hashes.sums()[h]
	return slices.Clone(p.digests[h]), nil
}

// WithDigests returns m with digests of its PAE that the caller computed while
// it wrote or read the payload, so that they are not computed again.
func withDigests(m Message, digests map[crypto.Hash][]byte) Message {
	return &payload{Content: m, payloadType: m.PayloadType(), digests: digests}
}

// copyExactly writes m's payload to w and fails if it is not as long as m says.
func copyExactly(w io.Writer, m Content) error {
	n, err := m.WriteTo(w)
	if err != nil {
		return err
	}
	if n != m.Size() {
		return fmt.Errorf("payload has %d bytes, not the %d it was announced with", n, m.Size())
	}
	return nil
}

// paeHashes hashes the PAE of one message with several functions at once.
type paeHashes map[crypto.Hash]hash.Hash

func newPAEHashes(m Message, want ...crypto.Hash) (paeHashes, error) {
	hs := make(paeHashes, len(want))
	header := paeHeader(m.PayloadType(), m.Size())
	for _, h := range want {
		if !h.Available() {
			return nil, fmt.Errorf("hash function %v is not available", h)
		}
		hs[h] = h.New()
		hs[h].Write(header)
	}
	return hs, nil
}

func (hs paeHashes) Write(p []byte) (int, error) {
	for _, h := range hs {
		h.Write(p)
	}
	return len(p), nil
}

func (hs paeHashes) sums() map[crypto.Hash][]byte {
	out := make(map[crypto.Hash][]byte, len(hs))
	for id, h := range hs {
		out[id] = h.Sum(nil)
	}
	return out
}

// readPAE returns the whole PAE of m in memory, for schemes that sign the
// message and not a digest of it.
func readPAE(m Message) ([]byte, error) {
	header := paeHeader(m.PayloadType(), m.Size())
	buf := bytes.NewBuffer(make([]byte, 0, int64(len(header))+m.Size()))
	buf.Write(header)
	if err := copyExactly(buf, m); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
