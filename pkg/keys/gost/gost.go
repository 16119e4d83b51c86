// Package gost knows public keys of GOST R 34.10-2012 (RFC 7091) by their
// encoding and cannot compute with them: no Go implementation is kept well
// enough to rest a verdict on, and curve arithmetic of our own would be a
// liability. Signing and verifying are done by a plugin, see package plugin.
//
// A signature is s || r, each as long as the order of the curve and big-endian,
// over the Streebog digest (RFC 6986) of the message, as long as the key's half:
// the form in X.509 certificates and CMS (RFC 9215, section 2).
package gost

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// The algorithms' object identifiers (RFC 9215, section 4), and their names.
const (
	OID256  = "1.2.643.7.1.1.1.1"
	OID512  = "1.2.643.7.1.1.1.2"
	Name256 = "gost2012-256"
	Name512 = "gost2012-512"
)

// maxSPKI bounds an encoded key, in bytes. The largest has 173.
const maxSPKI = 512

// PublicKey is a public key. It is safe for concurrent use.
type PublicKey struct {
	der    []byte
	bits   int // 256 or 512
	verify Verify
	why    error // it cannot be verified with
}

var _ dsse.ForeignKey = (*PublicKey)(nil)

// Verify returns nil if and only if sig is a signature over message by the key
// whose SubjectPublicKeyInfo is spki, and fault.SignatureMismatch if it is not.
type Verify func(spki, message, sig []byte) error

// ParsePublicKey parses SubjectPublicKeyInfo in DER (RFC 9215, section 4). It
// checks the form; that the point lies on its curve is for who computes with it.
func ParsePublicKey(der []byte) (*PublicKey, error) {
	malformed := fault.New(fault.KeyMalformed, "malformed GOST public key")
	var info, algorithm, parameters, point cryptobyte.String
	var oid, curve asn1.ObjectIdentifier
	var bits []byte
	input := cryptobyte.String(der)
	if len(der) > maxSPKI || !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!algorithm.ReadASN1(&parameters, cbasn1.SEQUENCE) || !algorithm.Empty() ||
		!info.ReadASN1BitStringAsBytes(&bits) || !info.Empty() {
		return nil, malformed
	}
	size, ok := map[string]int{OID256: 256, OID512: 512}[oid.String()]
	key := cryptobyte.String(bits)
	if !ok || !parameters.ReadASN1ObjectIdentifier(&curve) || !digestFits(parameters, size) ||
		!key.ReadASN1(&point, cbasn1.OCTET_STRING) || !key.Empty() || len(point) != size/4 {
		return nil, malformed
	}
	why := fault.New(fault.KeyUnsupported, "GOST signatures are verified by a plugin, and none was given")
	return &PublicKey{der: bytes.Clone(der), bits: size, why: why}, nil
}

// digestFits reports whether what follows the curve in the parameters is nothing
// or the digest of the key's size: id-tc26-gost3411-12-256 or -512.
func digestFits(parameters cryptobyte.String, size int) bool {
	if parameters.Empty() {
		return true
	}
	var digest asn1.ObjectIdentifier
	want := map[int]string{256: "1.2.643.7.1.1.2.2", 512: "1.2.643.7.1.1.2.3"}[size]
	return parameters.ReadASN1ObjectIdentifier(&digest) && parameters.Empty() && digest.String() == want
}

// VerifiedBy returns the key with a function that verifies its signatures.
func (k *PublicKey) VerifiedBy(v Verify) *PublicKey {
	return &PublicKey{der: k.der, bits: k.bits, verify: v}
}

// Unverifiable returns the key with the reason why it verifies nothing.
func (k *PublicKey) Unverifiable(why error) *PublicKey {
	return &PublicKey{der: k.der, bits: k.bits, why: why}
}

// Verifiable returns nil if signatures of the key can be verified, else why not.
func (k *PublicKey) Verifiable() error { return k.why }

// SigningScheme returns the key's scheme, which signs the message itself: the
// digest is the plugin's work.
func (k *PublicKey) SigningScheme() dsse.Scheme {
	return dsse.Scheme{Name: map[int]string{256: Name256, 512: Name512}[k.bits]}
}

// MarshalPKIX returns the SubjectPublicKeyInfo that the key was parsed from.
func (k *PublicKey) MarshalPKIX() ([]byte, error) { return bytes.Clone(k.der), nil }

// Equal reports whether other has the same encoding.
func (k *PublicKey) Equal(other crypto.PublicKey) bool {
	o, ok := other.(*PublicKey)
	return ok && bytes.Equal(k.der, o.der)
}

// VerifyInput verifies by the function of VerifiedBy. A signature of the wrong
// length does not get that far.
func (k *PublicKey) VerifyInput(message, sig []byte) error {
	if k.why != nil {
		return k.why
	}
	if len(sig) != k.bits/4 {
		return fmt.Errorf("a GOST signature of this key has %d bytes", k.bits/4)
	}
	return k.verify(bytes.Clone(k.der), message, sig)
}
