package dsse

import (
	"crypto"
	"crypto/sha256"
	"io"
)

// Buffer is a message in memory that can be set anew, for programs that sign many
// small ones: what is signed is put together once. Its zero value is a message
// without type and payload. It is not safe for concurrent use, and a signer must
// not keep it.
type Buffer struct {
	payloadType string
	pae         []byte // what is signed
	head        int    // where the payload begins in it
}

var _ Message = (*Buffer)(nil)

// Set makes b the message of a copy of payload.
func (b *Buffer) Set(payloadType string, payload []byte) {
	b.payloadType = payloadType
	b.pae = appendHeader(b.pae[:0], payloadType, int64(len(payload)))
	b.head = len(b.pae)
	b.pae = append(b.pae, payload...)
}

// PayloadType implements Message.
func (b *Buffer) PayloadType() string { return b.payloadType }

// Size implements Message.
func (b *Buffer) Size() int64 { return int64(len(b.pae) - b.head) }

// WriteTo implements Message.
func (b *Buffer) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.pae[b.head:])
	return int64(n), err
}

// Digest implements Message.
func (b *Buffer) Digest(h crypto.Hash) ([]byte, error) {
	if h == crypto.SHA256 {
		sum := sha256.Sum256(b.pae)
		return sum[:], nil
	}
	return NewMessage(b.payloadType, Bytes(b.pae[b.head:])).Digest(h)
}
