package authenticator

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
)

// An Attestation is what a new credential says of the device that made it.
type Attestation int

// The attestation statements (WebAuthn 2, 8).
const (
	AttestChain Attestation = iota // "packed" with a certificate chain
	AttestSelf                     // "packed", signed by the credential's own key
	AttestNone                     // "none"
	AttestU2F                      // "fido-u2f", which goes with ES256 only
)

// A statement is an attestation statement of one of the formats.
type statement struct {
	Algorithm Algorithm `cbor:"alg,omitempty"`
	Signature []byte    `cbor:"sig,omitempty"`
	Chain     [][]byte  `cbor:"x5c,omitempty"`
}

// AttestationRoot returns the certificate to which the chains of AttestChain and
// AttestU2F lead. It is another one for every device that Start makes.
func (d *Device) AttestationRoot() *x509.Certificate { return d.token.issuer.root }

// AAGUID returns the device's model number.
func (d *Device) AAGUID() [16]byte { return d.token.aaguid }

// attest makes the attestation statement of a credential over its authenticator
// data and the client data hash.
func (k *token) attest(c *credential, data, hash []byte) (format string, s statement, err error) {
	message := bytes.Join([][]byte{data, hash}, nil)
	switch k.attestation {
	case AttestNone:
		return "none", s, nil
	case AttestSelf:
		s.Algorithm = c.algorithm
		s.Signature, err = c.algorithm.sign(c.key, message)
		return "packed", s, err
	case AttestU2F:
		s.Chain = k.issuer.chain[:1] // the format has exactly one certificate
		message, err := u2fMessage(c, hash)
		if err != nil {
			return "", s, err
		}
		s.Signature, err = ES256.sign(k.issuer.key, message)
		return "fido-u2f", s, err
	default:
		s.Algorithm, s.Chain = ES256, k.issuer.chain
		s.Signature, err = ES256.sign(k.issuer.key, message)
		return "packed", s, err
	}
}

// u2fMessage is what a fido-u2f attestation signs (WebAuthn 2, 8.6).
func u2fMessage(c *credential, hash []byte) ([]byte, error) {
	public, ok := c.key.Public().(*ecdsa.PublicKey)
	if !ok || c.algorithm != ES256 {
		return nil, UnsupportedAlgorithm
	}
	point, err := public.Bytes()
	if err != nil {
		return nil, err
	}
	rp := sha256.Sum256([]byte(c.rp.ID))
	return bytes.Join([][]byte{{0}, rp[:], hash, c.id, point}, nil), nil
}
