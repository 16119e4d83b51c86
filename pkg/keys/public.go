package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// MaxPublicFileSize bounds a file of public keys or certificates, in bytes.
const MaxPublicFileSize = 1 << 20

// The PEM types of public material.
const (
	pemPublic      = "PUBLIC KEY"
	pemPKCS1Public = "RSA PUBLIC KEY"
	pemCertificate = "CERTIFICATE"
)

// PublicKey is a key to verify with, as a file gives it.
type PublicKey struct {
	Key crypto.PublicKey
	// Certificate is the pinned certificate that the key came in, or nil. It
	// is a leaf; nothing about it has been verified but that someone chose it.
	Certificate *x509.Certificate
	// FIDO2 is what an OpenSSH key on a FIDO2 token has to say, or nil. Such a
	// key signs in SchemeSSHSig alone.
	FIDO2 *FIDO2
}

// ParsePublic parses a file that holds one or more public keys: PEM "PUBLIC
// KEY" (also cosign.pub), "RSA PUBLIC KEY" or "CERTIFICATE", DER of the first
// and the last, or lines of OpenSSH. It returns at least one key when err is nil.
//
// The errors: fault.KeyMalformed; fault.KeyUnsupported for another algorithm
// and for the certificate of a CA, which cannot be pinned as a leaf;
// fault.KeyPrivate for a private key; fault.InputEmpty.
func ParsePublic(b []byte) ([]PublicKey, error) {
	if err := checkText(b, MaxPublicFileSize); err != nil {
		return nil, err
	}
	switch {
	case b[0] == 0x30: // ASN.1 SEQUENCE
		key, err := parsePublicDER(b)
		if err != nil {
			return nil, err
		}
		return []PublicKey{key}, nil
	case bytes.Contains(b, []byte("-----BEGIN ")):
		return parsePublicPEM(b)
	}
	return parseSSHPublic(b)
}

func parsePublicPEM(b []byte) ([]PublicKey, error) {
	blocks, err := pemBlocks(b)
	if err != nil {
		return nil, err
	}
	var out []PublicKey
	for _, block := range blocks {
		key, err := parsePublicBlock(block)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	return out, nil
}

func parsePublicBlock(block *pem.Block) (PublicKey, error) {
	switch block.Type {
	case pemPublic:
		return parseSPKI(block.Bytes)
	case pemPKCS1Public:
		key, err := x509.ParsePKCS1PublicKey(block.Bytes)
		if err != nil {
			return PublicKey{}, malformed("RSA public key")
		}
		return publicKey(key)
	case pemCertificate:
		return parseCertificate(block.Bytes)
	}
	if strings.Contains(block.Type, "PRIVATE") || block.Type == pemECParameters {
		return PublicKey{}, privateError()
	}
	return PublicKey{}, fault.New(fault.KeyUnsupported, "unsupported kind of PEM block %q", block.Type).
		WithHint("give a public key (BEGIN PUBLIC KEY) or a certificate (BEGIN CERTIFICATE)")
}

// parsePublicDER tells the three things that begin with a SEQUENCE apart by
// what stands first in it: SPKI an AlgorithmIdentifier, a certificate another
// SEQUENCE that begins with a version or serial number, a private key an INTEGER.
func parsePublicDER(der []byte) (PublicKey, error) {
	var outer, inner cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&outer, cbasn1.SEQUENCE) {
		return PublicKey{}, malformed("public key: not complete DER")
	}
	if outer.PeekASN1Tag(cbasn1.INTEGER) {
		return PublicKey{}, privateOrPKCS1(der)
	}
	if !outer.ReadASN1(&inner, cbasn1.SEQUENCE) {
		return PublicKey{}, malformed("public key")
	}
	if inner.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && outer.PeekASN1Tag(cbasn1.BIT_STRING) {
		return parseSPKI(der)
	}
	return parseCertificate(der)
}

// privateOrPKCS1 tells DER of a private key, whose first integer is a small
// version, from an RSAPublicKey without a wrapping, which is not read.
func privateOrPKCS1(der []byte) error {
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return fault.New(fault.KeyUnsupported, "an RSA public key in bare DER is not supported").
			WithHint("convert it with: openssl rsa -RSAPublicKey_in -inform DER -in KEY -pubout -out KEY.pub")
	}
	return privateError()
}

// parseSPKI parses SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7).
func parseSPKI(der []byte) (PublicKey, error) {
	var info, algorithm cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		return PublicKey{}, malformed("public key")
	}
	if f := foreignOf(algorithm); f != nil {
		key, err := f.parsePublic(der)
		if err != nil {
			return PublicKey{}, err
		}
		return publicKey(key)
	}
	if err := checkAlgorithm(algorithm); err != nil {
		return PublicKey{}, err
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return PublicKey{}, malformed("public key")
	}
	return publicKey(key)
}

func publicKey(key crypto.PublicKey) (PublicKey, error) {
	if _, err := AlgorithmOf(key); err != nil {
		return PublicKey{}, err
	}
	return PublicKey{Key: key}, nil
}

func privateError() error {
	return fault.New(fault.KeyPrivate, "a private key where a public key is wanted")
}
