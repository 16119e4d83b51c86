package dsse

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// Key is a verifier and who holds it. Two keys of one holder count once.
type Key struct {
	Holder   string
	Verifier Verifier
	// Hybrid, if it is not empty, names a group of keys of this holder. They
	// count only if all of them have signed the payload.
	Hybrid string
}

// Opened is an envelope whose payload is verified.
type Opened struct {
	// Message is what was signed. Each time its payload is written it is hashed
	// again, unless it is in memory, and fails if it is not what was verified.
	Message Message
	// Verified are the signatures that some key verified, in the envelope's
	// order, one entry for each pair of signature and key.
	Verified []Verified
	// Unverified are the signatures that no key verified.
	Unverified []Unverified
}

// Verified says that one signature was verified by one key.
type Verified struct {
	Index int // of the signature in the envelope, from 0
	Key   int // of the key among those given to Open, from 0
}

// Unverified says why one signature counts for nothing.
type Unverified struct {
	Index int
	Err   error
}

// Open verifies e and returns its payload if at least threshold distinct
// holders among keys have signed it (DSSE protocol.md, "(t, n)-envelope").
// Every signature is tried with every key, whatever its key id says.
//
// Otherwise the error has one of the reasons signature.missing (there is no
// signature), signature.mismatch (one names a key that was given and does not
// fit it), signature.untrusted (all are by other keys), signature.scheme,
// signature.hybrid_incomplete, signature.threshold, or envelope.malformed.
func Open(e *Envelope, threshold int, keys ...Key) (*Opened, error) {
	if threshold < 1 {
		return nil, errors.New("threshold must be at least 1")
	}
	if len(keys) == 0 {
		return nil, fault.New(fault.TrustRequired, "no key was given to verify with")
	}
	if len(e.signatures) == 0 {
		return nil, fault.New(fault.SignatureMissing, "the envelope holds no signature")
	}
	m, err := pinContent(e.payloadType, e.payload)
	if err != nil {
		return nil, malformed(err)
	}
	m.keepWhole(true)
	defer m.keepWhole(false)
	one := &struct { // one piece of memory, with room for what nearly all have
		opened   Opened
		verified [1]Verified
	}{}
	o := &one.opened
	o.Message, o.Verified = m, one.verified[:0]
	for i, s := range e.signatures {
		if err := o.try(i, s, keys); err != nil {
			return nil, err
		}
	}
	if len(o.Verified) == 0 {
		return nil, o.Unverified[0].Err
	}
	if err := o.count(threshold, keys); err != nil {
		return nil, err
	}
	return o, nil
}

// count returns nil if enough holders have signed.
func (o *Opened) count(threshold int, keys []Key) error {
	// A holder counts who has signed with a key that is no part of a hybrid.
	if threshold == 1 && slices.ContainsFunc(o.Verified, func(v Verified) bool { return keys[v.Key].Hybrid == "" }) {
		return nil
	}
	signed := make([]bool, len(keys))
	for _, v := range o.Verified {
		signed[v.Key] = true
	}
	tally := Count(keys, signed)
	return tally.Check(threshold, func(key int) string {
		id, _ := KeyID(keys[key].Verifier.Public()) // only words of a message
		return id
	})
}

// try verifies one signature with every key. Its own error is a failure to
// read the payload, not a verdict.
func (o *Opened) try(index int, s Signature, keys []Key) error {
	refused := refusal{signature: s}
	verified := false
	for k, key := range keys {
		err := key.Verifier.Verify(o.Message, s)
		switch {
		case err == nil:
			verified = true
			o.Verified = append(o.Verified, Verified{index, k})
		case !isVerdict(err):
			return err
		default:
			refused.add(key.Verifier.Public(), err)
		}
	}
	if !verified {
		err := refused.best(len(keys))
		if err == nil {
			err = fault.New(fault.SignatureUntrusted, "signature %d is by none of the %d trusted keys, or the content was altered", index+1, len(keys))
		}
		o.Unverified = append(o.Unverified, Unverified{index, err})
	}
	return nil
}

// refusal chooses among the errors of all keys the one that says most about why
// a signature counts for nothing. It changes words, never a verdict.
type refusal struct {
	signature Signature
	flags     error // of the key that made the signature, without what it must say
	named     error // of the key that the signature's hint names
	scheme    error // of a key of another scheme
	forbidden error // of a key that the crypto profile does not allow
	others    int   // how many keys are of another scheme or not allowed
}

func (r *refusal) add(pub crypto.PublicKey, err error) {
	reason := fault.ReasonOf(err)
	switch {
	case reason == fault.SignatureFlags:
		r.flags = err
	case names(r.signature, pub):
		r.named = err
	case reason == fault.SignatureScheme:
		r.scheme = err
		r.others++
	case reason == fault.KeyForbidden:
		r.forbidden = err
		r.others++
	}
}

// best returns nil if no key has more to say than that it did not sign. That a
// signature with an extension is of another scheme than some keys' tells
// something only if no key is of its scheme.
func (r *refusal) best(keys int) error {
	switch {
	case r.flags != nil:
		return r.flags
	case r.named != nil:
		return r.named
	case r.forbidden != nil && r.others == keys:
		return r.forbidden
	case r.signature.Extension == nil || r.others == keys:
		return r.scheme
	}
	return nil
}

// isVerdict tells a signature that was judged from one that could not be.
func isVerdict(err error) bool {
	switch fault.ReasonOf(err) {
	case fault.SignatureMismatch, fault.SignatureScheme, fault.SignatureMalformed, fault.SignatureFlags, fault.KeyForbidden:
		return true
	}
	return false
}

// names reports whether the signature's hint names the key. It only chooses
// the words of an error.
func names(s Signature, pub crypto.PublicKey) bool {
	sum, err := Fingerprint(pub)
	if err != nil {
		return false
	}
	return s.KeyID == fmt.Sprintf("sha256:%x", sum) || s.KeyID == base64.StdEncoding.EncodeToString(sum[:])
}

// Pin reads m once and returns it tied to the digest found, so that no later
// reading can give other bytes.
func Pin(m Message) (Message, error) {
	pinned, err := pin(m)
	if err != nil {
		return nil, err
	}
	return pinned, nil
}

func pin(m Message) (*message, error) {
	sum, err := m.Digest(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return pinTo(sum, m.PayloadType(), signedHeader(m), m), nil
}

// pinContent is Pin for a message of an envelope. Content that nobody can change needs no
// other look at what it hashes to.
func pinContent(payloadType string, c Content) (*message, error) {
	if h, ok := c.(*held); ok {
		return pinHeld(payloadType, h), nil
	}
	header := paeHeader(payloadType, c.Size())
	m := message{Content: c, payloadType: payloadType, header: header}
	sum, err := m.hash(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return pinTo(sum, payloadType, header, c), nil
}

func pinHeld(payloadType string, c *held) *message {
	var room [1 << 10]byte // what most envelopes over small statements need, on the stack
	p := &struct {         // one piece of memory
		message message
		header  [64]byte
		digests [1]digest
		sum     [sha256.Size]byte
	}{}
	header := appendHeader(p.header[:0], payloadType, c.Size())
	p.sum = sha256.Sum256(append(append(room[:0], header...), c.Bytes...))
	p.digests = [1]digest{{crypto.SHA256, p.sum[:]}}
	p.message = message{Content: c, payloadType: payloadType, header: header, digests: p.digests[:]}
	return &p.message
}

func pinTo(sum []byte, payloadType string, header []byte, c Content) *message {
	p := &struct { // one piece of memory
		message message
		pinned  pinned
		digests [1]digest
	}{
		pinned:  pinned{Content: c, header: header, sum: sum},
		digests: [1]digest{{crypto.SHA256, sum}},
	}
	p.message = message{Content: &p.pinned, payloadType: payloadType, header: header, digests: p.digests[:]}
	return &p.message
}

// pinned is content that must hash to a known digest each time it is read.
type pinned struct {
	Content
	header []byte
	sum    []byte
}

func (p *pinned) WriteTo(w io.Writer) (int64, error) {
	also := &hashedWriter{w: w, h: crypto.SHA256.New()}
	also.h.Write(p.header)
	n, err := p.Content.WriteTo(also)
	if err == nil && !bytes.Equal(also.h.Sum(nil), p.sum) {
		err = fault.New(fault.InputChanged, "the envelope changed while it was being read").
			WithHint("let nothing write to the file and run the command again")
	}
	return n, err
}

// hashedWriter hashes what it passes on.
type hashedWriter struct {
	w io.Writer
	h hash.Hash
}

func (hw *hashedWriter) Write(p []byte) (int, error) {
	n, err := hw.w.Write(p)
	hw.h.Write(p[:n])
	return n, err
}
