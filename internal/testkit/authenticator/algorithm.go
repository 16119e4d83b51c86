package authenticator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
)

// An Algorithm is a COSE algorithm identifier (RFC 9053, RFC 8812).
type Algorithm int

// The algorithms that the device knows.
const (
	ES256 Algorithm = -7  // ECDSA on P-256 with SHA-256
	EdDSA Algorithm = -8  // Ed25519
	ES384 Algorithm = -35 // ECDSA on P-384 with SHA-384
)

// generate makes a key.
func (a Algorithm) generate() (crypto.Signer, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	default:
		return nil, UnsupportedAlgorithm
	}
}

// sign signs a message as WebAuthn does: ECDSA in ASN.1 form, Ed25519 in its 64
// bytes (WebAuthn 2, 6.5.6).
func (a Algorithm) sign(key crypto.Signer, message []byte) ([]byte, error) {
	switch a {
	case ES256:
		digest := sha256.Sum256(message)
		return key.Sign(rand.Reader, digest[:], crypto.SHA256)
	case ES384:
		digest := sha512.Sum384(message)
		return key.Sign(rand.Reader, digest[:], crypto.SHA384)
	default:
		return key.Sign(rand.Reader, message, crypto.Hash(0))
	}
}
