package dsse

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/mldsa"
	"crypto/rand"
	"encoding/json/jsontext"
	"io"
)

// Signature is one signature of an envelope.
type Signature struct {
	// KeyID is an unauthenticated hint; it may be empty.
	KeyID string
	// Sig is the raw signature, in the encoding of its scheme.
	Sig []byte
	// Extension is nil for the schemes of SchemeOf.
	Extension *Extension
}

// Extension is the material that a scheme needs beside the signature bytes
// (DSSE envelope.md, "signatures.extension"). Its kind names a scheme of its
// own: a verifier that does not know it does not verify the signature.
type Extension struct {
	Kind string
	Ext  jsontext.Value
}

// Signer signs messages with one key.
type Signer interface {
	// Public returns the key that verifies the signatures.
	Public() crypto.PublicKey
	// Sign signs the PAE of m. It honours ctx where it waits for anything.
	Sign(ctx context.Context, m Message) (Signature, error)
}

// ContextSigner is a crypto.Signer that may wait for a device or a service, and
// stops waiting when ctx ends. NewSigner uses SignContext in place of Sign.
type ContextSigner interface {
	crypto.Signer
	// SignContext signs a digest made with opts.HashFunc() or, if that is 0, the
	// input itself.
	SignContext(ctx context.Context, input []byte, opts crypto.SignerOpts) ([]byte, error)
}

// NewSigner returns a Signer over a standard library private key, or any
// crypto.Signer. ECDSA is deterministic (RFC 6979) for *ecdsa.PrivateKey, and
// ML-DSA for *mldsa.PrivateKey (FIPS 204, section 3.4). It fails if the key
// has no scheme.
func NewSigner(key crypto.Signer) (Signer, error) {
	scheme, err := SchemeOf(key.Public())
	if err != nil {
		return nil, err
	}
	id, err := KeyID(key.Public())
	if err != nil {
		return nil, err
	}
	return &keySigner{key: key, scheme: scheme, id: id}, nil
}

type keySigner struct {
	key    crypto.Signer
	scheme Scheme
	id     string
}

var _ Signer = (*keySigner)(nil)

func (s *keySigner) Public() crypto.PublicKey { return s.key.Public() }

func (s *keySigner) Sign(ctx context.Context, m Message) (Signature, error) {
	if err := ctx.Err(); err != nil {
		return Signature{}, err
	}
	input, err := signingInput(m, s.scheme)
	if err != nil {
		return Signature{}, err
	}
	sig, err := s.sign(ctx, input)
	if err != nil {
		return Signature{}, err
	}
	return Signature{KeyID: s.id, Sig: sig}, nil
}

func (s *keySigner) sign(ctx context.Context, input []byte) ([]byte, error) {
	if key, ok := s.key.(ContextSigner); ok {
		return key.SignContext(ctx, input, s.scheme.Hash)
	}
	if key, ok := s.key.(*mldsa.PrivateKey); ok {
		return key.SignDeterministic(input, nil)
	}
	var random io.Reader = rand.Reader
	if _, ok := s.key.(*ecdsa.PrivateKey); ok {
		random = nil // asks for RFC 6979
	}
	return s.key.Sign(random, input, s.scheme.Hash)
}

// signingInput returns what the scheme's primitive signs: a digest of the PAE
// or the PAE itself.
func signingInput(m Message, s Scheme) ([]byte, error) {
	if s.Hash == 0 {
		return readAll(m)
	}
	return m.Digest(s.Hash)
}
