package dsse

import (
	"bytes"
	"crypto"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"

	"github.com/stellaops/stella/internal/fault"
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
	// Digest returns h over what is signed: the PAE of the message, or the
	// bare bytes of a blob (see NewBlob).
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

// sshsigPrefix is how everything begins that OpenSSH signs with SSHSIG (OpenSSH,
// PROTOCOL.sshsig, "Signed Data").
const sshsigPrefix = "SSHSIG"

// guard is a beginning of bytes that mean something else to another verifier.
type guard struct{ prefix, could string }

// guards are how blobs do not begin: a signature over one could pass for one
// over an envelope, or for one that OpenSSH made over a file.
func guards() []guard {
	return []guard{
		{"DSSEv1 ", "pass for one over an envelope"},
		{sshsigPrefix, "pass for one by ssh-keygen"},
	}
}

// message is the Message of this package. It computes each digest once.
type message struct {
	Content
	payloadType string
	header      []byte // what is signed before the content

	mu      sync.Mutex
	digests []digest
	whole   []byte // header and content, kept while a threshold is counted
	keep    bool
}

var _ Message = (*message)(nil)

// digest is what a message hashes to by one function.
type digest struct {
	hash crypto.Hash
	sum  []byte
}

// NewMessage returns a Message over c. It reads nothing.
func NewMessage(payloadType string, c Content) Message {
	return newMessage(payloadType, paeHeader(payloadType, c.Size()), c)
}

// NewBlob returns a Message whose signature covers the bare bytes of c and no
// PAE, as the messageSignature of a Sigstore bundle does. Signing and verifying
// it fails if c begins as a PAE does, or as what SSHSIG signs: such a signature
// could be passed off as one over an envelope, or as one of OpenSSH's.
func NewBlob(c Content) Message { return newMessage("", nil, &guarded{Content: c}) }

// NewSSHSIG returns a Message whose signature covers the bare bytes of signed,
// which are what OpenSSH's SSHSIG signs. Other bytes are an error.
func NewSSHSIG(signed []byte) (Message, error) {
	if !bytes.HasPrefix(signed, []byte(sshsigPrefix)) {
		return nil, fault.New(fault.Internal, "bytes that are not to be signed as SSHSIG")
	}
	return newMessage("", nil, Bytes(signed)), nil
}

func newMessage(payloadType string, header []byte, c Content) *message {
	return &message{Content: c, payloadType: payloadType, header: header}
}

func (m *message) PayloadType() string { return m.payloadType }

func (m *message) signedHeader() []byte { return m.header }

func (m *message) Digest(h crypto.Hash) ([]byte, error) {
	sum, err := m.digest(h)
	return slices.Clone(sum), err
}

// digest is Digest for who does not change what it returns.
func (m *message) digest(h crypto.Hash) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.digests {
		if m.digests[i].hash == h {
			return m.digests[i].sum, nil
		}
	}
	sum, err := m.hash(h)
	if err != nil {
		return nil, err
	}
	m.digests = append(m.digests, digest{h, sum})
	return sum, nil
}

// hash is Digest that is not remembered.
func (m *message) hash(h crypto.Hash) ([]byte, error) {
	if !h.Available() {
		return nil, fmt.Errorf("hash function %v is not available", h)
	}
	hashed := h.New()
	hashed.Write(m.header)
	if err := copyExactly(hashed, m); err != nil {
		return nil, err
	}
	return hashed.Sum(nil), nil
}

// withDigests returns m with digests of it that the caller computed while it
// wrote the payload, so that they are not computed again.
func withDigests(m Message, digests []digest) Message {
	return &message{Content: m, payloadType: m.PayloadType(), header: signedHeader(m), digests: digests}
}

// signedHeader returns what is signed before the payload of m.
func signedHeader(m Message) []byte {
	if own, ok := m.(interface{ signedHeader() []byte }); ok {
		return own.signedHeader()
	}
	return paeHeader(m.PayloadType(), m.Size())
}

// WriteInput writes to w what a signature over m covers: its PAE, or the bare
// bytes of a blob. It is for keys in places that hash the message themselves.
func WriteInput(w io.Writer, m Message) error {
	if _, err := w.Write(signedHeader(m)); err != nil {
		return err
	}
	return copyExactly(w, m)
}

// guarded is content that must not begin as one of guards.
type guarded struct{ Content }

func (c *guarded) WriteTo(w io.Writer) (int64, error) {
	return c.Content.WriteTo(&prefixGuard{w: w})
}

// prefixGuard fails at the first write that completes a prefix of guards.
type prefixGuard struct {
	w    io.Writer
	seen []byte
}

func (g *prefixGuard) Write(p []byte) (int, error) {
	const longest = 7 // of guards
	if missing := longest - len(g.seen); missing > 0 {
		g.seen = append(g.seen, p[:min(missing, len(p))]...)
		for _, bad := range guards() {
			if bytes.HasPrefix(g.seen, []byte(bad.prefix)) {
				return 0, fault.New(fault.InputUnrecognized, "content begins with %q: a signature over it could %s", bad.prefix, bad.could)
			}
		}
	}
	return g.w.Write(p)
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

// hashes hashes what is signed of one message with several functions at once.
type hashes map[crypto.Hash]hash.Hash

func newHashes(m Message, want ...crypto.Hash) (hashes, error) {
	hs := make(hashes, len(want))
	header := signedHeader(m)
	for _, h := range want {
		if !h.Available() {
			return nil, fmt.Errorf("hash function %v is not available", h)
		}
		if hs[h] != nil {
			continue
		}
		hs[h] = h.New()
		hs[h].Write(header)
	}
	return hs, nil
}

func (hs hashes) Write(p []byte) (int, error) {
	for _, h := range hs {
		h.Write(p)
	}
	return len(p), nil
}

func (hs hashes) sums() []digest {
	out := make([]digest, 0, len(hs))
	for id, h := range hs {
		out = append(out, digest{id, h.Sum(nil)})
	}
	return out
}

// readAll returns all that is signed of m in memory, for schemes that sign the
// message and not a digest of it.
func readAll(m Message) ([]byte, error) {
	switch own := m.(type) {
	case *message:
		return own.readAll()
	case *Buffer:
		return own.pae, nil
	}
	return readSigned(m)
}

func (m *message) readAll() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.whole != nil {
		return m.whole, nil
	}
	b, err := readSigned(m)
	if m.keep {
		m.whole = b
	}
	return b, err
}

// keepWhole makes m hold on to what readAll reads, so that many signatures and
// keys do not read a large payload once each. With false it lets go again.
func (m *message) keepWhole(keep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep, m.whole = keep, nil
}

func readSigned(m Message) ([]byte, error) {
	if m.Size() > MaxPayloadSize {
		return nil, fault.New(fault.InputTooLarge, "content of %d bytes is over the limit of %d for a key that signs it whole, in memory", m.Size(), int64(MaxPayloadSize)).
			WithHint("use an ECDSA or RSA key, which sign a digest")
	}
	header := signedHeader(m)
	buf := bytes.NewBuffer(make([]byte, 0, int64(len(header))+m.Size()))
	buf.Write(header)
	if err := copyExactly(buf, m); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}
