package offlinekit

import (
	"crypto/sha256"
	"hash"
)

const (
	// asideSize is the size, in bytes, from which on a file is hashed by a goroutine of
	// its own, while the next part of it is read and decompressed.
	asideSize = 4 << 20
	// parts is how many parts of a file wait for being hashed, and partSize how large
	// they are, in bytes.
	parts    = 4
	partSize = 256 << 10
)

// digester computes a SHA-256. Sum or stop must be called, once.
type digester struct {
	h     hash.Hash
	queue chan []byte // nil if the hash is computed by Write
	free  chan []byte
	ended chan struct{}
}

// newDigester returns a digester for about size bytes.
func newDigester(size int64) *digester {
	d := &digester{h: sha256.New()}
	if size < asideSize {
		return d
	}
	d.queue, d.free, d.ended = make(chan []byte, parts), make(chan []byte, parts), make(chan struct{})
	for range parts {
		d.free <- make([]byte, partSize)
	}
	go func() {
		defer close(d.ended)
		for part := range d.queue {
			d.h.Write(part)
			d.free <- part[:cap(part)]
		}
	}()
	return d
}

// Write adds p, which it does not keep.
func (d *digester) Write(p []byte) {
	if d.queue == nil {
		d.h.Write(p)
		return
	}
	for len(p) > 0 {
		part := <-d.free
		n := copy(part, p)
		d.queue <- part[:n]
		p = p[n:]
	}
}

// stop ends the goroutine.
func (d *digester) stop() {
	if d.queue != nil {
		close(d.queue)
		<-d.ended
		d.queue = nil
	}
}

// Sum returns the digest. Nothing may be written after it.
func (d *digester) Sum() [sha256.Size]byte {
	d.stop()
	return [sha256.Size]byte(d.h.Sum(nil))
}
