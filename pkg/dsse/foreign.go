package dsse

import "crypto"

// ForeignKey is a public key of an algorithm that the standard library does not
// have. [SchemeOf], [KeyID], [Fingerprint] and [NewVerifier] take it like any
// other, so that this package knows no algorithm but those of the standard
// library and still verifies every one that a program brings along.
//
// An implementation is safe for concurrent use.
type ForeignKey interface {
	// SigningScheme returns the key's one scheme.
	SigningScheme() Scheme
	// MarshalPKIX returns the SubjectPublicKeyInfo in DER (RFC 5280, section 4.1.2.7).
	MarshalPKIX() ([]byte, error)
	// VerifyInput returns nil if and only if sig is a signature over input: the
	// digest if the scheme has a hash function, else all that is signed. An error
	// without a fault reason means that the signature does not fit; one with a
	// reason is passed on as it is, such as that a program which is needed to
	// verify is absent.
	VerifyInput(input, sig []byte) error
	// Equal reports whether other is the same key.
	Equal(other crypto.PublicKey) bool
}
