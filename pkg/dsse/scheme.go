package dsse

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mldsa"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 for crypto.Hash
	"crypto/x509"
	"encoding/hex"
	"fmt"
)

// Scheme is a way to sign with one kind of key.
type Scheme struct {
	// Name is the algorithm's name as users write it, such as "ecdsa-p256".
	Name string
	// Hash is the function whose digest over the PAE is signed, or 0 for a
	// scheme that signs the PAE itself.
	Hash crypto.Hash
}

// RSA modulus sizes, in bits, that are accepted. Below the lower one a key is
// too weak (NIST SP 800-131A, section 3); above the upper one a verification
// costs an attacker nothing and us seconds.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// SchemeOf returns the one scheme that a public key signs with:
//
//	ECDSA P-256        SHA-256, ASN.1 DER signature (FIPS 186-5)
//	ECDSA P-384        SHA-384, ASN.1 DER signature
//	RSA 2048 to 8192   PKCS #1 v1.5 with SHA-256 (RFC 8017, section 8.2)
//	Ed25519            pure (RFC 8032, section 5.1)
//	ML-DSA-65          pure, empty context (FIPS 204)
//	ForeignKey         its own
//
// Any other key is an error.
func SchemeOf(pub crypto.PublicKey) (Scheme, error) {
	switch k := pub.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return Scheme{"ecdsa-p256", crypto.SHA256}, nil
		case elliptic.P384():
			return Scheme{"ecdsa-p384", crypto.SHA384}, nil
		}
		return Scheme{}, fmt.Errorf("unsupported elliptic curve %s: use P-256 or P-384", k.Params().Name)
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		if bits < minRSABits || bits > maxRSABits {
			return Scheme{}, fmt.Errorf("unsupported RSA key of %d bits: use %d to %d", bits, minRSABits, maxRSABits)
		}
		return Scheme{fmt.Sprintf("rsa-%d", bits), crypto.SHA256}, nil
	case ed25519.PublicKey:
		return Scheme{"ed25519", 0}, nil
	case *mldsa.PublicKey:
		if k.Parameters() != mldsa.MLDSA65() {
			return Scheme{}, fmt.Errorf("unsupported parameter set %s: use ML-DSA-65", k.Parameters())
		}
		return Scheme{"ml-dsa-65", 0}, nil
	case ForeignKey:
		return k.SigningScheme(), nil
	}
	return Scheme{}, fmt.Errorf("unsupported public key type %T", pub)
}

// KeyID returns the key id that stella writes: "sha256:" and the lower-case
// hex SHA-256 of the key's SubjectPublicKeyInfo in DER (RFC 5280, section
// 4.1.2.7). It is a hint and proves nothing.
func KeyID(pub crypto.PublicKey) (string, error) {
	sum, err := Fingerprint(pub)
	if err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Fingerprint returns the SHA-256 of the key's SubjectPublicKeyInfo in DER.
func Fingerprint(pub crypto.PublicKey) ([sha256.Size]byte, error) {
	der, err := MarshalPKIX(pub)
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	return sha256.Sum256(der), nil
}

// MarshalPKIX returns a public key's SubjectPublicKeyInfo in DER (RFC 5280,
// section 4.1.2.7).
func MarshalPKIX(pub crypto.PublicKey) ([]byte, error) {
	var der []byte
	var err error
	if foreign, ok := pub.(ForeignKey); ok {
		der, err = foreign.MarshalPKIX()
	} else {
		der, err = x509.MarshalPKIXPublicKey(pub)
	}
	if err != nil {
		return nil, fmt.Errorf("failed to encode public key: %w", err)
	}
	return der, nil
}
