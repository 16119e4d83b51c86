package tpm

import (
	"crypto"
	"crypto/ecdsa"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// publicKey returns the key of a public area, checked: an ECDSA or RSA key
// that has a signature scheme here.
func publicKey(public *tpm2.TPMTPublic) (crypto.PublicKey, error) {
	pub, err := tpm2.Pub(*public)
	if err != nil {
		return nil, fault.New(fault.KeyUnsupported, "the TPM key is neither an ECDSA nor an RSA key that stella knows")
	}
	if key, ok := pub.(*ecdsa.PublicKey); ok {
		if _, err := key.ECDH(); err != nil { // refuses what is no point of the curve
			return nil, malformed("its public key is not a point of the curve")
		}
	}
	if _, err := dsse.SchemeOf(pub); err != nil {
		return nil, fault.Wrap(fault.KeyUnsupported, err, "")
	}
	return pub, nil
}

// checkSigning refuses keys that cannot sign what stella signs.
func checkSigning(public *tpm2.TPMTPublic) error {
	a := public.ObjectAttributes
	switch {
	case !a.SignEncrypt:
		return fault.New(fault.KeyUnsupported, "the TPM key is not a signing key")
	case a.Restricted:
		return fault.New(fault.KeyUnsupported, "the TPM key is restricted: it signs only what the TPM itself has made").
			WithHint("make another key for signing; restricted keys are for attestation")
	}
	if _, err := publicKey(public); err != nil {
		return err
	}
	if fixed := fixedScheme(public); fixed != tpm2.TPMAlgNull && fixed != signatureAlgorithm(public) {
		return fault.New(fault.KeyUnsupported, "the TPM key is bound to a signature scheme that stella does not use (%#04x)", uint16(fixed)).
			WithHint("make a key for ECDSA, or for RSA with PKCS #1 v1.5")
	}
	return nil
}

// fixedScheme returns the signature scheme that the key's maker chose, or
// TPMAlgNull for the choice of whoever signs.
func fixedScheme(public *tpm2.TPMTPublic) tpm2.TPMAlgID {
	if parms, err := public.Parameters.ECCDetail(); err == nil {
		return parms.Scheme.Scheme
	}
	if parms, err := public.Parameters.RSADetail(); err == nil {
		return parms.Scheme.Scheme
	}
	return tpm2.TPMAlgNull
}

// signatureAlgorithm returns the TPM's name of the scheme that keys of this
// kind sign with.
func signatureAlgorithm(public *tpm2.TPMTPublic) tpm2.TPMAlgID {
	if public.Type == tpm2.TPMAlgRSA {
		return tpm2.TPMAlgRSASSA
	}
	return tpm2.TPMAlgECDSA
}

// signatureScheme returns the scheme for TPM2_Sign: PKCS #1 v1.5 or ECDSA with
// a hash function.
func signatureScheme(public *tpm2.TPMTPublic, hash tpm2.TPMAlgID) tpm2.TPMTSigScheme {
	algorithm := signatureAlgorithm(public)
	return tpm2.TPMTSigScheme{
		Scheme:  algorithm,
		Details: tpm2.NewTPMUSigScheme(algorithm, &tpm2.TPMSSchemeHash{HashAlg: hash}),
	}
}

// hashAlgorithm returns the TPM's name of a hash function.
func hashAlgorithm(h crypto.Hash) tpm2.TPMAlgID {
	if h == crypto.SHA384 {
		return tpm2.TPMAlgSHA384
	}
	return tpm2.TPMAlgSHA256
}
