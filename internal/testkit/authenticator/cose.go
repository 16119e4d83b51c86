package authenticator

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
)

// Values of COSE keys (RFC 9053, 7).
const (
	coseOKP     = 1
	coseEC2     = 2
	coseP256    = 1
	coseP384    = 2
	coseEd25519 = 6
	// coseECDH is ECDH-ES with HKDF-256: what CTAP2 writes into key agreement
	// keys, although it derives differently (CTAP 2.1, 6.5.6).
	coseECDH = -25
)

// A coseKey is a public key in COSE form (RFC 9052, 7).
type coseKey struct {
	Type      int    `cbor:"1,keyasint"`
	Algorithm int    `cbor:"3,keyasint"`
	Curve     int    `cbor:"-1,keyasint"`
	X         []byte `cbor:"-2,keyasint"`
	Y         []byte `cbor:"-3,keyasint,omitempty"`
}

// newCOSEKey returns the COSE form of a credential's public key.
func newCOSEKey(a Algorithm, key crypto.PublicKey) (coseKey, error) {
	if ed, ok := key.(ed25519.PublicKey); ok {
		return coseKey{Type: coseOKP, Algorithm: int(a), Curve: coseEd25519, X: ed}, nil
	}
	ec, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return coseKey{}, UnsupportedAlgorithm
	}
	point, err := ec.Bytes()
	if err != nil {
		return coseKey{}, err
	}
	curve := coseP256
	if a == ES384 {
		curve = coseP384
	}
	return coseEC(int(a), curve, point), nil
}

// coseEC takes an uncompressed point apart.
func coseEC(algorithm, curve int, point []byte) coseKey {
	xy := point[1:]
	half := len(xy) / 2
	return coseKey{Type: coseEC2, Algorithm: algorithm, Curve: curve, X: xy[:half], Y: xy[half:]}
}

// ecdhKey reads a key agreement key.
func (c coseKey) ecdhKey() (*ecdh.PublicKey, error) {
	const coordinate = 32
	if c.Type != coseEC2 || c.Algorithm != coseECDH || c.Curve != coseP256 || len(c.X) != coordinate || len(c.Y) != coordinate {
		return nil, InvalidParameter
	}
	key, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, c.X...), c.Y...))
	if err != nil {
		return nil, InvalidParameter
	}
	return key, nil
}
