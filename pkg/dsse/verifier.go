package dsse

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/mldsa"
	"crypto/rsa"
	"crypto/sha512"
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// Verifier verifies signatures with one key.
type Verifier interface {
	Public() crypto.PublicKey
	// Verify returns nil if and only if s is a signature over the PAE of m.
	Verify(m Message, s Signature) error
}

// NewVerifier returns the Verifier of a standard library public key or a
// ForeignKey. It fails if the key has no scheme.
func NewVerifier(pub crypto.PublicKey) (Verifier, error) {
	scheme, err := SchemeOf(pub)
	if err != nil {
		return nil, err
	}
	return &keyVerifier{pub: pub, scheme: scheme}, nil
}

type keyVerifier struct {
	pub    crypto.PublicKey
	scheme Scheme
}

var _ Verifier = (*keyVerifier)(nil)

func (v *keyVerifier) Public() crypto.PublicKey { return v.pub }

func (v *keyVerifier) Verify(m Message, s Signature) error {
	if s.Extension != nil {
		return fault.New(fault.SignatureScheme,
			"signature has an extension, and so is of a scheme that an ordinary %s key does not verify", v.scheme.Name)
	}
	input, err := v.input(m)
	if err != nil {
		return err
	}
	if foreign, ok := v.pub.(ForeignKey); ok {
		return v.verifyForeign(foreign, input, s.Sig)
	}
	if !v.verify(input, s.Sig) {
		if v.prehashed(input, s.Sig) {
			return fault.New(fault.SignatureScheme, "signature is Ed25519ph (RFC 8032, section 5.1), and DSSE keys here sign with pure Ed25519").
				WithHint("ask the signer for a signature by an ECDSA or RSA key, or by another tool")
		}
		return fault.New(fault.SignatureMismatch, "%s signature does not fit the key and the content", v.scheme.Name)
	}
	return nil
}

// input is what the scheme's primitive verifies. It must not be changed.
func (v *keyVerifier) input(m Message) ([]byte, error) {
	if own, ok := m.(*message); ok && v.scheme.Hash != 0 {
		return own.digest(v.scheme.Hash)
	}
	return signingInput(m, v.scheme)
}

func (v *keyVerifier) verifyForeign(key ForeignKey, input, sig []byte) error {
	err := key.VerifyInput(slices.Clone(input), sig) // it is not ours, and may change what it gets
	if err == nil || fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.New(fault.SignatureMismatch, "%s signature does not fit the key and the content", v.scheme.Name)
}

func (v *keyVerifier) verify(input, sig []byte) bool {
	switch k := v.pub.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, input, sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, v.scheme.Hash, input, sig) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(k, input, sig)
	case *mldsa.PublicKey:
		return mldsa.Verify(k, input, sig, nil) == nil
	}
	return false
}

// prehashed reports whether sig is a good signature of the Ed25519 key by the
// prehashed variant, which some tools write (cosign does). It only chooses the
// words of an error.
func (v *keyVerifier) prehashed(input, sig []byte) bool {
	key, ok := v.pub.(ed25519.PublicKey)
	if !ok {
		return false
	}
	digest := sha512.Sum512(input)
	return ed25519.VerifyWithOptions(key, digest[:], sig, &ed25519.Options{Hash: crypto.SHA512}) == nil
}
