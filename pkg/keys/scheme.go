package keys

import (
	"crypto"
	"crypto/rsa"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// Scheme is how a trusted key signs. The key fixes it, and for RSA and for
// FIDO2 tokens the trust entry; never the signature.
type Scheme string

// The schemes. Each fits one kind of key.
const (
	SchemeECDSASHA256 Scheme = "ecdsa-sha256"        // P-256
	SchemeECDSASHA384 Scheme = "ecdsa-sha384"        // P-384
	SchemeRSAPKCS1    Scheme = "rsa-pkcs1v15-sha256" // what stella writes for RSA
	SchemeRSAPSS      Scheme = "rsa-pss-sha256"      // read where the trust entry says so, salt of 32 bytes
	SchemeEd25519     Scheme = "ed25519"
	SchemeMLDSA65     Scheme = "ml-dsa-65"
	SchemeGOST256     Scheme = "gost2012-256-streebog" // verified by a plugin
	SchemeGOST512     Scheme = "gost2012-512-streebog"
	SchemeSM2SM3      Scheme = "sm2-sm3"
	SchemeFIDO2       Scheme = "fido2"  // an assertion of a token over SHA-256 of the PAE; P-256 or Ed25519
	SchemeSSHSig      Scheme = "sshsig" // one that OpenSSH verifies as SSHSIG over the PAE; P-256 or Ed25519
)

// schemesOf returns the schemes that a key of algorithm a may have, its own first.
func schemesOf(a Algorithm) []Scheme {
	switch a {
	case ECDSAP256:
		return []Scheme{SchemeECDSASHA256, SchemeFIDO2, SchemeSSHSig}
	case ECDSAP384:
		return []Scheme{SchemeECDSASHA384}
	case Ed25519:
		return []Scheme{SchemeEd25519, SchemeFIDO2, SchemeSSHSig}
	case MLDSA65:
		return []Scheme{SchemeMLDSA65}
	}
	if f := findForeign(a); f != nil {
		return []Scheme{f.scheme}
	}
	return []Scheme{SchemeRSAPKCS1, SchemeRSAPSS} // AlgorithmOf leaves only RSA
}

// pssVerifier verifies RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt as
// long as the digest (RFC 8017, section 8.1), as JWS PS256 and the cloud key
// services write it.
type pssVerifier struct{ pub *rsa.PublicKey }

var _ dsse.Verifier = pssVerifier{}

// NewPSSVerifier returns a Verifier of RSASSA-PSS signatures with SHA-256 and a
// salt of 32 bytes.
func NewPSSVerifier(pub *rsa.PublicKey) (dsse.Verifier, error) {
	if _, err := AlgorithmOf(pub); err != nil {
		return nil, err
	}
	return pssVerifier{pub}, nil
}

func (v pssVerifier) Public() crypto.PublicKey { return v.pub }

func (v pssVerifier) Verify(m dsse.Message, s dsse.Signature) error {
	if s.Extension != nil {
		return fault.New(fault.SignatureScheme,
			"signature has the extension %q, which an %s key does not verify", s.Extension.Kind, SchemeRSAPSS)
	}
	digest, err := m.Digest(crypto.SHA256)
	if err != nil {
		return err
	}
	return v.verify(digest, s.Sig)
}

func (v pssVerifier) verify(digest, sig []byte) error {
	opts := rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	if rsa.VerifyPSS(v.pub, crypto.SHA256, digest, sig, &opts) != nil {
		return fault.New(fault.SignatureMismatch, "%s signature does not fit the key and the content", SchemeRSAPSS)
	}
	return nil
}
