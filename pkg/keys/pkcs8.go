package keys

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// maxRSABits is looked at before the key is parsed, because the checks of a
// private key of unlimited size take unlimited time.
const maxRSABits = 8192

const oidMLDSA65 = "2.16.840.1.101.3.4.3.18" // id-ml-dsa-65 (RFC 9881, section 2)

// parsePKCS8 parses PrivateKeyInfo (RFC 5958, section 2).
func parsePKCS8(der []byte) (any, error) {
	var algorithm, inner, rest cryptobyte.String
	input := cryptobyte.String(der)
	var version int
	if !input.ReadASN1(&rest, cbasn1.SEQUENCE) || !input.Empty() ||
		!rest.ReadASN1Integer(&version) ||
		!rest.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!rest.ReadASN1(&inner, cbasn1.OCTET_STRING) {
		return nil, malformed("PKCS #8 private key")
	}
	if f := foreignOf(algorithm); f != nil && f.parsePrivate != nil {
		return f.parsePrivate(der)
	}
	if err := checkAlgorithm(algorithm); err != nil {
		return nil, err
	}
	if rsaTooLarge(inner) {
		return nil, rsaSizeError()
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, malformed("PKCS #8 private key")
	}
	return key, nil
}

// parsePKCS1 parses RSAPrivateKey (RFC 8017, appendix A.1.2).
func parsePKCS1(der []byte) (any, error) {
	if rsaTooLarge(der) {
		return nil, rsaSizeError()
	}
	key, err := x509.ParsePKCS1PrivateKey(der)
	if err != nil {
		return nil, malformed("RSA private key")
	}
	return key, nil
}

// rsaTooLarge reports whether der begins as an RSAPrivateKey with a modulus
// over the limit.
func rsaTooLarge(der []byte) bool {
	var body, modulus cryptobyte.String
	var version int
	input := cryptobyte.String(der)
	return input.ReadASN1(&body, cbasn1.SEQUENCE) && body.ReadASN1Integer(&version) &&
		body.ReadASN1(&modulus, cbasn1.INTEGER) && len(modulus) > maxRSABits/8+1
}

func rsaSizeError() error {
	return fault.New(fault.KeyUnsupported, "the RSA key has more than %d bits", maxRSABits)
}

// checkAlgorithm tells an algorithm or curve that stella does not have from a
// malformed key. algorithm is the content of an AlgorithmIdentifier.
func checkAlgorithm(algorithm cryptobyte.String) error {
	var oid asn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return malformed("key: no algorithm identifier")
	}
	known := []string{
		"1.2.840.113549.1.1.1", // rsaEncryption
		"1.2.840.10045.2.1",    // id-ecPublicKey
		"1.3.101.112",          // id-Ed25519
	}
	if hasMLDSA() {
		known = append(known, oidMLDSA65)
	}
	if !slices.Contains(known, oid.String()) {
		return unsupportedOID("algorithm", oid)
	}
	if oid.String() != known[1] || !algorithm.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		return nil
	}
	curves := []string{"1.2.840.10045.3.1.7", "1.3.132.0.34"} // P-256, P-384
	if !algorithm.ReadASN1ObjectIdentifier(&oid) || !slices.Contains(curves, oid.String()) {
		return unsupportedOID("elliptic curve", oid)
	}
	return nil
}

func unsupportedOID(what string, oid asn1.ObjectIdentifier) error {
	return fault.New(fault.KeyUnsupported, "unsupported %s %s%s", what, oid, oidName(oid)).
		WithHint("use one of %s", joinNames(Algorithms()))
}

// oidName names what users are likely to bring.
func oidName(oid asn1.ObjectIdentifier) string {
	switch oid.String() {
	case "1.2.840.113549.1.1.10":
		return " (RSA-PSS only)"
	case "1.2.840.10040.4.1":
		return " (DSA)"
	case "1.3.101.110":
		return " (X25519)"
	case "1.3.101.113":
		return " (Ed448)"
	case "1.3.132.0.35":
		return " (P-521)"
	case "1.3.132.0.10":
		return " (secp256k1)"
	case oidMLDSA65:
		return " (ML-DSA-65, which the cryptographic module of this build does not have)"
	}
	return ""
}
