package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
)

// publicValues are the attributes of an object that say what its public key is.
// Tokens differ in which of them they have.
type publicValues struct {
	params, point     []byte // CKA_EC_PARAMS, CKA_EC_POINT
	modulus, exponent []byte // CKA_MODULUS, CKA_PUBLIC_EXPONENT
	info              []byte // CKA_PUBLIC_KEY_INFO
	certificate       []byte // CKA_VALUE of a certificate
}

// errNoPublicValues means that an object has no public key, which is no fault.
var errNoPublicValues = errors.New("the object has no public key")

// parse returns the public key. Whether stella has a scheme for it is for the caller.
func (v publicValues) parse() (crypto.PublicKey, error) {
	switch {
	case len(v.certificate) > 0:
		certificate, err := x509.ParseCertificate(v.certificate)
		if err != nil {
			return nil, errors.New("its certificate is malformed")
		}
		return certificate.PublicKey, nil
	case len(v.point) > 0:
		return parsePoint(v.params, v.point)
	case len(v.modulus) > 0:
		return parseRSA(v.modulus, v.exponent)
	case len(v.info) > 0:
		public, err := x509.ParsePKIXPublicKey(v.info)
		if err != nil {
			return nil, errors.New("its public key is malformed, or of an unknown kind")
		}
		return public, nil
	}
	return nil, errNoPublicValues
}

// maxRSAModulus bounds a modulus, in bytes: 16384 bits.
const maxRSAModulus = 2 << 10

func parseRSA(modulus, exponent []byte) (crypto.PublicKey, error) {
	e := new(big.Int).SetBytes(exponent)
	if len(modulus) > maxRSAModulus || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || e.Bit(0) == 0 {
		return nil, errors.New("its RSA modulus or exponent is out of bounds")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(e.Int64())}, nil
}

// curves are those of ECDSA.
func curves() map[string]elliptic.Curve {
	return map[string]elliptic.Curve{
		p256OID: elliptic.P256(),
		p384OID: elliptic.P384(),
	}
}

// The curves as CKA_EC_PARAMS has them: object identifiers (RFC 5480, section
// 2.1.1.1, and RFC 8410, section 3) or, as PKCS #11 3.0 has it for Edwards
// curves too, a PrintableString.
const (
	p256OID     = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
	p384OID     = "\x06\x05\x2b\x81\x04\x00\x22"
	ed25519OID  = "\x06\x03\x2b\x65\x70"
	ed25519Name = "\x13\x0cedwards25519"
)

// errCurve means a curve that stella has no use for.
var errCurve = errors.New("its elliptic curve is not supported")

func parsePoint(params, point []byte) (crypto.PublicKey, error) {
	if curve, ok := curves()[string(params)]; ok {
		return parseECDSA(curve, point)
	}
	if string(params) == ed25519OID || string(params) == ed25519Name {
		point = unwrapPoint(point, ed25519.PublicKeySize)
		if len(point) != ed25519.PublicKeySize {
			return nil, errors.New("its public point is malformed")
		}
		return ed25519.PublicKey(point), nil
	}
	return nil, errCurve
}

func parseECDSA(curve elliptic.Curve, point []byte) (crypto.PublicKey, error) {
	size := 1 + 2*((curve.Params().BitSize+7)/8)
	public, err := ecdsa.ParseUncompressedPublicKey(curve, unwrapPoint(point, size))
	if err != nil {
		return nil, errors.New("its public point is malformed")
	}
	return public, nil
}

// unwrapPoint takes a point out of the OCTET STRING in which PKCS #11 2.30 and
// later has it, or the BIT STRING of some Edwards keys. Older modules give the
// size bytes bare; their length tells.
func unwrapPoint(point []byte, size int) []byte {
	if len(point) == size {
		return point
	}
	var octets []byte
	if rest, err := asn1.Unmarshal(point, &octets); err == nil && len(rest) == 0 {
		return octets
	}
	var bits asn1.BitString
	if rest, err := asn1.Unmarshal(point, &bits); err == nil && len(rest) == 0 && bits.BitLength == 8*size {
		return bits.Bytes
	}
	return nil
}
