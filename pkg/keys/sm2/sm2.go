// Package sm2 is the Chinese signature algorithm SM2 with the hash function SM3
// (GB/T 32918.2, GB/T 32905; ISO/IEC 14888-3), as a key of package dsse.
//
// A signature is the DER SEQUENCE of r and s (GM/T 0009). What is hashed begins
// with a digest over the signer's user id, the curve and the public key; the
// user id is always [UserID], as GM/T 0009 and RFC 8998, section 3.2.1, have it.
// Keys are on the curve sm2p256v1 and are written in PKCS #8 and
// SubjectPublicKeyInfo as other elliptic curve keys are, with the curve's name
// and an uncompressed point.
//
// The nonce is derived from key and digest (RFC 6979, with HMAC-SM3): the same
// input gives the same signature. GB/T 32918.2 describes a random nonce; no
// verifier can tell the two apart.
//
// The arithmetic is that of github.com/emmansun/gmsm. No certification body has
// evaluated it.
//
// All types are safe for concurrent use.
package sm2

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"

	"github.com/emmansun/gmsm/sm2"

	"github.com/stellaops/stella/pkg/dsse"
)

const (
	// Algorithm is the algorithm's name, as users write it.
	Algorithm = "sm2"
	// UserID is the signer's distinguishing identifier, the default of GM/T 0009.
	UserID = "1234567812345678"
)

const (
	scalarSize = 32
	pointSize  = 1 + 2*scalarSize // uncompressed
)

// PublicKey is an SM2 public key. It verifies what is signed whole, so a
// payload is held in memory once.
type PublicKey struct {
	key   *ecdsa.PublicKey
	point []byte // uncompressed (SEC 1, section 2.3.3)
}

var _ dsse.ForeignKey = (*PublicKey)(nil)

// newPublicKey returns the key of an uncompressed point on the curve.
func newPublicKey(point []byte) (*PublicKey, error) {
	if len(point) != pointSize {
		return nil, errors.New("SM2 public key is not an uncompressed point")
	}
	key, err := sm2.NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	return &PublicKey{key: key, point: bytes.Clone(point)}, nil
}

// SigningScheme returns the scheme: the message itself is signed, since what is
// hashed depends on the key.
func (k *PublicKey) SigningScheme() dsse.Scheme { return dsse.Scheme{Name: Algorithm} }

// VerifyInput returns nil if and only if sig is a signature over input.
func (k *PublicKey) VerifyInput(input, sig []byte) error {
	digest, err := k.digest(input)
	if err != nil {
		return err
	}
	if !sm2.VerifyASN1(k.key, digest, sig) {
		return errors.New("SM2 signature does not fit")
	}
	return nil
}

// digest is e of GB/T 32918.2, section 6.1: SM3(Z || message).
func (k *PublicKey) digest(message []byte) ([]byte, error) {
	h, err := sm2.NewHashWithUserID(k.key, []byte(UserID))
	if err != nil {
		return nil, err
	}
	h.Write(message)
	return h.Sum(nil), nil
}

// Equal reports whether other is the same key.
func (k *PublicKey) Equal(other crypto.PublicKey) bool {
	o, ok := other.(*PublicKey)
	return ok && bytes.Equal(k.point, o.point)
}

// PrivateKey is an SM2 private key.
type PrivateKey struct {
	key    *sm2.PrivateKey
	scalar []byte
	public *PublicKey
}

var _ crypto.Signer = (*PrivateKey)(nil)

// GenerateKey makes a key from the system's random source.
func GenerateKey() (*PrivateKey, error) {
	scalar := make([]byte, scalarSize)
	defer clear(scalar)
	for {
		rand.Read(scalar) // never fails, see crypto/rand
		if key, err := newPrivateKey(scalar); err == nil {
			return key, nil // all but one in 2³² are in the range
		}
	}
}

// newPrivateKey refuses a scalar outside of [1, n-2].
func newPrivateKey(scalar []byte) (*PrivateKey, error) {
	key, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	point := make([]byte, pointSize)
	point[0] = 4 // uncompressed
	x, y := key.X, key.Y
	x.FillBytes(point[1 : 1+scalarSize])
	y.FillBytes(point[1+scalarSize:])
	public, err := newPublicKey(point)
	if err != nil {
		return nil, err
	}
	return &PrivateKey{key: key, scalar: bytes.Clone(scalar), public: public}, nil
}

// Public returns the *PublicKey.
func (k *PrivateKey) Public() crypto.PublicKey { return k.public }

// Equal reports whether other is the same key.
func (k *PrivateKey) Equal(other crypto.PrivateKey) bool {
	o, ok := other.(*PrivateKey)
	return ok && subtle.ConstantTimeCompare(k.scalar, o.scalar) == 1
}

// Sign signs a message, not a digest of it: opts must be nil or name no hash
// function. The source of randomness is not used.
func (k *PrivateKey) Sign(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts != nil && opts.HashFunc() != 0 {
		return nil, errors.New("SM2 signs a message and not a digest of it")
	}
	digest, err := k.public.digest(message)
	if err != nil {
		return nil, err
	}
	return sm2.SignDeterministic(k.key, digest, nil)
}
