package ctap

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
)

// COSE identifiers of algorithms (RFC 9053, section 2; the last is of CTAP).
const (
	ES256    = -7
	EdDSA    = -8
	coseECDH = -25 // ECDH-ES + HKDF-256, which CTAP writes and does not mean
)

// COSE identifiers of kinds of keys and curves (RFC 9053, section 7).
const (
	coseOKP     = 1
	coseEC2     = 2
	coseP256    = 1
	coseEd25519 = 6
)

// coordinateSize is that of P-256 and of Ed25519, in bytes.
const coordinateSize = 32

// coseKey is a COSE_Key (RFC 9052, section 7) of the kinds that tokens use.
type coseKey struct {
	Kind      int    `cbor:"1,keyasint"`
	Algorithm int    `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint,omitempty"`
}

// public returns the key of a credential, which is ES256 or EdDSA.
func (k coseKey) public() (crypto.PublicKey, error) {
	switch {
	case k.Kind == coseEC2 && k.Algorithm == ES256 && k.Curve == coseP256:
		point, err := k.point()
		if err != nil {
			return nil, err
		}
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return nil, malformed("a public key that is not on its curve")
		}
		return pub, nil
	case k.Kind == coseOKP && k.Algorithm == EdDSA && k.Curve == coseEd25519 && len(k.X) == coordinateSize && len(k.Y) == 0:
		return ed25519.PublicKey(k.X), nil
	}
	return nil, malformed("a public key of a kind that was not asked for")
}

// point returns a point of P-256 in its uncompressed form.
func (k coseKey) point() ([]byte, error) {
	if len(k.X) != coordinateSize || len(k.Y) != coordinateSize {
		return nil, malformed("a public key of the wrong size")
	}
	return append(append([]byte{4}, k.X...), k.Y...), nil
}

// agreement returns the key with which a token agrees on a secret.
func (k coseKey) agreement() (*ecdh.PublicKey, error) {
	if k.Kind != coseEC2 || k.Curve != coseP256 {
		return nil, malformed("a key agreement of another kind than P-256")
	}
	point, err := k.point()
	if err != nil {
		return nil, err
	}
	pub, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, malformed("a key agreement that is not on its curve")
	}
	return pub, nil
}

// coseAgreement is our half of an agreement.
func coseAgreement(pub *ecdh.PublicKey) coseKey {
	point := pub.Bytes()
	return coseKey{
		Kind: coseEC2, Algorithm: coseECDH, Curve: coseP256,
		X: point[1 : 1+coordinateSize], Y: point[1+coordinateSize:],
	}
}

// algorithmOf returns the COSE identifier of what public returns.
func algorithmOf(pub crypto.PublicKey) int {
	if _, ok := pub.(ed25519.PublicKey); ok {
		return EdDSA
	}
	return ES256
}
