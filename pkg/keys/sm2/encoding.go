package sm2

import (
	"bytes"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// Object identifiers as dotted text.
const (
	OIDPublicKey = "1.2.840.10045.2.1"   // id-ecPublicKey (RFC 5480, section 2.1.1)
	OIDCurve     = "1.2.156.10197.1.301" // sm2p256v1 (GM/T 0006)
)

func oidPublicKey() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} }
func oidCurve() asn1.ObjectIdentifier     { return asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301} }

// ParsePublicKey parses SubjectPublicKeyInfo (RFC 5480, section 2). The error
// is fault.KeyMalformed.
func ParsePublicKey(der []byte) (*PublicKey, error) {
	var info, algorithm cryptobyte.String
	var point []byte
	input := cryptobyte.String(der)
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !isSM2(algorithm) ||
		!info.ReadASN1BitStringAsBytes(&point) || !info.Empty() {
		return nil, malformed("public")
	}
	key, err := newPublicKey(point)
	if err != nil {
		return nil, malformed("public")
	}
	return key, nil
}

// MarshalPKIX returns the SubjectPublicKeyInfo in DER.
func (k *PublicKey) MarshalPKIX() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(info *cryptobyte.Builder) {
		addAlgorithm(info)
		info.AddASN1BitString(k.point)
	})
	return b.Bytes()
}

// ParsePrivateKey parses PrivateKeyInfo (RFC 5958, section 2) with an
// ECPrivateKey (RFC 5915, section 3) inside. The errors are fault.KeyMalformed,
// without content of the key, and fault.KeySelfTest for a public key inside
// that belongs to another private key.
func ParsePrivateKey(der []byte) (*PrivateKey, error) {
	var info, algorithm, inner cryptobyte.String
	var version int
	input := cryptobyte.String(der)
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1Integer(&version) || version != 0 ||
		!info.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !isSM2(algorithm) ||
		!info.ReadASN1(&inner, cbasn1.OCTET_STRING) || !skipAttributes(&info) {
		return nil, malformed("private")
	}
	return parseECPrivateKey(inner)
}

// skipAttributes skips the optional attributes, which say nothing that counts here.
func skipAttributes(info *cryptobyte.String) bool {
	return info.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) && info.Empty()
}

func parseECPrivateKey(der cryptobyte.String) (*PrivateKey, error) {
	var body, scalar, curve, public cryptobyte.String
	var hasCurve, hasPublic bool
	var version int
	if !der.ReadASN1(&body, cbasn1.SEQUENCE) || !der.Empty() ||
		!body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1(&scalar, cbasn1.OCTET_STRING) || len(scalar) != scalarSize ||
		!body.ReadOptionalASN1(&curve, &hasCurve, cbasn1.Tag(0).Constructed().ContextSpecific()) ||
		hasCurve && !isCurve(curve) ||
		!body.ReadOptionalASN1(&public, &hasPublic, cbasn1.Tag(1).Constructed().ContextSpecific()) ||
		!body.Empty() {
		return nil, malformed("private")
	}
	key, err := newPrivateKey(scalar)
	if err != nil {
		return nil, malformed("private")
	}
	if !hasPublic {
		return key, nil
	}
	var point []byte
	if !public.ReadASN1BitStringAsBytes(&point) || !public.Empty() {
		return nil, malformed("private")
	}
	if !bytes.Equal(point, key.public.point) {
		return nil, fault.New(fault.KeySelfTest, "private and public half of the SM2 key do not belong together")
	}
	return key, nil
}

// MarshalPKCS8 returns the PrivateKeyInfo in DER, with the public key inside as
// OpenSSL writes it. The caller overwrites it after use.
func (k *PrivateKey) MarshalPKCS8() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(info *cryptobyte.Builder) {
		info.AddASN1Int64(0)
		addAlgorithm(info)
		info.AddASN1(cbasn1.OCTET_STRING, func(inner *cryptobyte.Builder) {
			inner.AddASN1(cbasn1.SEQUENCE, func(body *cryptobyte.Builder) {
				body.AddASN1Int64(1)
				body.AddASN1OctetString(k.scalar)
				body.AddASN1(cbasn1.Tag(1).Constructed().ContextSpecific(), func(public *cryptobyte.Builder) {
					public.AddASN1BitString(k.public.point)
				})
			})
		})
	})
	return b.Bytes()
}

// isSM2 reports whether the content of an AlgorithmIdentifier is that of SM2 keys.
func isSM2(algorithm cryptobyte.String) bool {
	var oid asn1.ObjectIdentifier
	return algorithm.ReadASN1ObjectIdentifier(&oid) && oid.Equal(oidPublicKey()) && isCurve(algorithm)
}

func isCurve(s cryptobyte.String) bool {
	var oid asn1.ObjectIdentifier
	return s.ReadASN1ObjectIdentifier(&oid) && s.Empty() && oid.Equal(oidCurve())
}

func addAlgorithm(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidPublicKey())
		b.AddASN1ObjectIdentifier(oidCurve())
	})
}

func malformed(half string) error { return fault.New(fault.KeyMalformed, "malformed SM2 %s key", half) }
