package tpm

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// AttestationTrust says what a verifier believes and demands. The zero value
// believes nobody.
type AttestationTrust struct {
	// Keys are the public attestation keys of TPMs that are known to be TPMs:
	// each was read from its machine by somebody trusted (see AttestationKey), or
	// proved by a Challenge.
	Keys []crypto.PublicKey
	// Nonce is what the verifier asked the TPM to include; nil accepts any, and
	// then the statement may be old. A key's properties do not change with time.
	Nonce []byte
}

// Attested is what a verified attestation proves: some TPM holds the private
// key, made it, and lets it go nowhere.
type Attested struct {
	// Public is the attested key.
	Public crypto.PublicKey
	// Signer is the attestation key, one of those that were trusted.
	Signer crypto.PublicKey
	// PolicyOnly says that the key's use is bound to a policy, such as one about
	// PCRs, whose digest is Policy.
	PolicyOnly bool
	Policy     []byte
	// Guessable says that the TPM does not count wrong PINs of the key. Whether
	// the key has a PIN at all is not part of what a TPM attests.
	Guessable bool
	// Firmware is the version of the TPM's firmware, in its maker's own terms.
	Firmware uint64
}

// VerifyAttestation returns what a proves of the key public, or why it proves
// nothing: fault.AttestationMalformed; AttestationUntrusted if no trusted
// attestation key signed it; AttestationRejected if it is about another key,
// has another nonce, or the key can leave the TPM or came from outside.
//
// What it checks follows the TPM 2.0 Library, part 1, section 31.2: the
// signature; that a TPM made the structure itself; that the signer is the
// restricted key of the endorsement hierarchy that it should be, by its
// qualified name; and that the certified name is that of the public area with
// its attributes.
func VerifyAttestation(a *keys.Attestation, public crypto.PublicKey, trust AttestationTrust) (*Attested, error) {
	if a.Format != AttestationFormat {
		return nil, badStatement("its format is %q and not %q", a.Format, AttestationFormat)
	}
	s, err := parseStatement(a.Statement)
	if err != nil {
		return nil, err
	}
	signer, err := s.verifySignature(trust.Keys)
	if err != nil {
		return nil, err
	}
	if err := s.verifyCertification(trust.Nonce); err != nil {
		return nil, err
	}
	attested, err := s.verifyKey(public)
	if err != nil {
		return nil, err
	}
	attested.Signer = signer
	attest, _, err := s.attest()
	if err != nil {
		return nil, err
	}
	attested.Firmware = attest.FirmwareVersion
	return attested, nil
}

// VerifyAttestation implements keys.AttestationVerifier with the function of this
// name. Of trust only Signers count: a statement of a TPM has no certificates.
func (d *Driver) VerifyAttestation(a *keys.Attestation, k *keys.TrustedKey, trust keys.AttestationTrust) error {
	_, err := VerifyAttestation(a, k.Public, AttestationTrust{Keys: trust.Signers})
	return err
}

// AttestationKey returns the attestation key that a names, for somebody who
// stands at the machine and is about to trust it. It verifies nothing.
func AttestationKey(a *keys.Attestation) (crypto.PublicKey, error) {
	s, err := parseStatement(a.Statement)
	if err != nil {
		return nil, err
	}
	return s.signerKey()
}

func (s *statement) signerKey() (crypto.PublicKey, error) {
	signer, err := publicKey(&s.signer)
	if err != nil {
		return nil, badStatement("its attestation key is not an ECDSA key that stella knows")
	}
	return signer, nil
}

// verifySignature returns the trusted key that signed the statement.
func (s *statement) verifySignature(trusted []crypto.PublicKey) (crypto.PublicKey, error) {
	signer, err := s.signerKey()
	if err != nil {
		return nil, err
	}
	if !contains(trusted, signer) {
		return nil, fault.New(fault.AttestationUntrusted, "the TPM's attestation key is not trusted").
			WithHint("compare it with the one that was read at the machine itself, and add it to the trusted ones")
	}
	key, isECDSA := signer.(*ecdsa.PublicKey)
	sig, err := s.signature.Signature.ECDSA()
	if !isECDSA || err != nil || sig.Hash != tpm2.TPMAlgSHA256 {
		return nil, badStatement("it is not signed with ECDSA and SHA-256")
	}
	der, err := encodeSignature(&s.signature, &s.signer)
	if err != nil {
		return nil, badStatement("its signature is damaged")
	}
	digest := sha256.Sum256(s.certify)
	if !ecdsa.VerifyASN1(key, digest[:], der) {
		return nil, rejected("its signature does not fit")
	}
	return signer, nil
}

func contains(list []crypto.PublicKey, key crypto.PublicKey) bool {
	for _, k := range list {
		if same(k, key) {
			return true
		}
	}
	return false
}

// same compares by the encoded key, which dsse knows for all kinds.
func same(a, b crypto.PublicKey) bool {
	one, err := dsse.MarshalPKIX(a)
	if err != nil {
		return false
	}
	two, err := dsse.MarshalPKIX(b)
	return err == nil && bytes.Equal(one, two)
}

// verifyCertification checks who says it and about what. The magic number that
// only a TPM writes was checked when it was parsed.
func (s *statement) verifyCertification(nonce []byte) error {
	attest, info, err := s.attest()
	if err != nil {
		return err
	}
	name, err := tpm2.ObjectName(&s.public)
	if err != nil {
		return badStatement("the key's name has an unknown hash function")
	}
	qualified, err := endorsementName(&s.signer)
	if err != nil {
		return badStatement("the attestation key's name has an unknown hash function")
	}
	switch {
	case nonce != nil && !bytes.Equal(attest.ExtraData.Buffer, nonce):
		return rejected("it does not answer to this nonce")
	case !bytes.Equal(attest.QualifiedSigner.Buffer, qualified):
		return rejected("its signer is not the attestation key of the endorsement hierarchy")
	case !isAttestationKey(&s.signer):
		return rejected("its signer is not restricted to what the TPM itself says")
	case !bytes.Equal(info.Name.Buffer, name.Buffer):
		return rejected("it certifies another key")
	}
	return nil
}

// isAttestationKey reports whether a key signs only what its TPM says and
// cannot leave it.
func isAttestationKey(public *tpm2.TPMTPublic) bool {
	a := public.ObjectAttributes
	return a.Restricted && a.SignEncrypt && !a.Decrypt && stays(a)
}

// stays reports whether a key was made in its TPM and cannot leave it.
func stays(a tpm2.TPMAObject) bool { return a.FixedTPM && a.FixedParent && a.SensitiveDataOrigin }

// endorsementName returns the qualified name of a primary key of the
// endorsement hierarchy (TPM 2.0 Library, part 1, section 16).
func endorsementName(public *tpm2.TPMTPublic) ([]byte, error) {
	name, err := tpm2.ObjectName(public)
	if err != nil {
		return nil, err
	}
	hash, err := public.NameAlg.Hash()
	if err != nil {
		return nil, err
	}
	h := hash.New()
	h.Write(tpm2.PrimaryHandleName(tpm2.TPMRHEndorsement))
	h.Write(name.Buffer)
	return h.Sum(binary.BigEndian.AppendUint16(nil, uint16(public.NameAlg))), nil
}

// verifyKey checks that the certified key is public and a key that stays.
func (s *statement) verifyKey(public crypto.PublicKey) (*Attested, error) {
	key, err := publicKey(&s.public)
	if err != nil || !same(key, public) {
		return nil, rejected("it is about another key")
	}
	a := s.public.ObjectAttributes
	switch {
	case !stays(a):
		return nil, rejected("the key came from outside the TPM or may leave it")
	case !a.SignEncrypt:
		return nil, rejected("the key is not a signing key")
	}
	return &Attested{
		Public:     key,
		PolicyOnly: !a.UserWithAuth,
		Policy:     s.public.AuthPolicy.Buffer,
		Guessable:  a.NoDA,
	}, nil
}

func rejected(what string) error {
	return fault.New(fault.AttestationRejected, "the TPM attestation proves nothing of this key: %s", what)
}
