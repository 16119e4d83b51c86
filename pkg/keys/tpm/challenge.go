package tpm

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
)

// challengeSize is the length of the secret in a challenge, in bytes: as much
// as a TPM with SHA-256 opens.
const challengeSize = 32

// Challenge is a secret for one TPM, encrypted to its endorsement key so that
// the TPM opens it only if it also holds a certain attestation key (TPM 2.0
// Library, part 1, section 24). It may be shown to anybody.
type Challenge struct {
	// Blob is the content of TPM2B_ID_OBJECT, Secret of TPM2B_ENCRYPTED_SECRET.
	Blob, Secret []byte
}

// Expected is what the verifier keeps of a challenge. It is for one answer. It
// holds nothing secret, but who can change it can have anything accepted.
type Expected struct {
	signer crypto.PublicKey
	answer [sha256.Size]byte // SHA-256 of the secret
	maker  string            // who issued the endorsement certificate; hostile text
	serial string            // of that certificate, in hex
}

// Maker returns the issuer's name in the endorsement certificate and its serial
// number in hex. The name is text of the maker's.
func (x *Expected) Maker() (issuer, serial string) { return x.maker, x.serial }

// NewChallenge checks the certificate of e at the time now, up to one of roots,
// and makes a challenge for the TPM that it is about. intermediates may be nil.
//
// A certificate that is not one of an endorsement key by these roots is
// fault.AttestationUntrusted; an attestation key that would sign anything else
// than what its TPM says is AttestationRejected.
func NewChallenge(e *Enrolment, roots, intermediates *x509.CertPool, now time.Time) (*Challenge, *Expected, error) {
	cert, err := verifyEndorsement(e.Certificate, roots, intermediates, now)
	if err != nil {
		return nil, nil, err
	}
	endorsement, err := endorsementKey(cert)
	if err != nil {
		return nil, nil, err
	}
	public, ok := parsePublic(e.Signer)
	if !ok {
		return nil, nil, badStatement("the public part of the attestation key is damaged")
	}
	signer, err := publicKey(public)
	if err != nil {
		return nil, nil, badStatement("its attestation key is not a key that stella knows")
	}
	if !isAttestationKey(public) {
		return nil, nil, rejected("its signer is not restricted to what the TPM itself says")
	}
	name, err := tpm2.ObjectName(public)
	if err != nil {
		return nil, nil, badStatement("the attestation key's name has an unknown hash function")
	}
	secret := make([]byte, challengeSize)
	rand.Read(secret) // never fails, see crypto/rand
	blob, seed, err := tpm2.CreateCredential(rand.Reader, endorsement, name.Buffer, secret)
	if err != nil {
		return nil, nil, badStatement("nothing can be encrypted to its endorsement key")
	}
	return &Challenge{Blob: blob, Secret: seed}, &Expected{
		signer: signer, answer: sha256.Sum256(secret),
		maker: cert.Issuer.String(), serial: cert.SerialNumber.Text(16),
	}, nil
}

// Check returns the attestation key if answer is the secret: the TPM that the
// certificate is about holds it, and it may stand among AttestationTrust.Keys.
// Else it is fault.AttestationRejected.
func (x *Expected) Check(answer []byte) (crypto.PublicKey, error) {
	if sha256.Sum256(answer) != x.answer {
		return nil, fault.New(fault.AttestationRejected, "the answer to the challenge is wrong").
			WithHint("the TPM of the certificate does not hold this attestation key; look at who answered")
	}
	return x.signer, nil
}

// verifyEndorsement returns the certificate of an endorsement key if a maker of
// TPMs made it.
func verifyEndorsement(der []byte, roots, intermediates *x509.CertPool, now time.Time) (*x509.Certificate, error) {
	if len(der) > maxCertificate {
		return nil, badStatement("the endorsement certificate is over %d bytes", maxCertificate)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, badStatement("the endorsement certificate is damaged")
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 2048 {
		return nil, badStatement("the endorsement key is not RSA of 2048 bits")
	}
	// It holds the TPM's model as a directory name, which is critical when the
	// subject is empty (TCG EK Credential Profile, section 3.2.9), and which
	// nothing here relies on.
	cert.UnhandledCriticalExtensions = slices.DeleteFunc(cert.UnhandledCriticalExtensions, asn1.ObjectIdentifier{2, 5, 29, 17}.Equal)
	if roots == nil {
		roots = x509.NewCertPool() // nil would be those of the system
	}
	_, err = cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil || !slices.ContainsFunc(cert.UnknownExtKeyUsage, endorsementUsage().Equal) {
		return nil, fault.New(fault.AttestationUntrusted, "the TPM's endorsement certificate is not by a trusted maker of TPMs").
			WithHint("give the maker's root and intermediate certificates")
	}
	return cert, nil
}

// endorsementKey returns the key of a certificate that verifyEndorsement took.
func endorsementKey(cert *x509.Certificate) (tpm2.LabeledEncapsulationKey, error) {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, badStatement("the endorsement key is not RSA of 2048 bits")
	}
	return tpm2.ImportEncapsulationKey(endorsementArea(key))
}

// endorsementUsage is tcg-kp-EKCertificate (TCG EK Credential Profile, section 3.2.16).
func endorsementUsage() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 23, 133, 8, 1} }

// endorsementArea is the public area of the endorsement key with this modulus.
func endorsementArea(key *rsa.PublicKey) *tpm2.TPMTPublic {
	area := tpm2.RSAEKTemplate
	area.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgRSA, &tpm2.TPM2BPublicKeyRSA{Buffer: key.N.FillBytes(make([]byte, 256))})
	return &area
}
