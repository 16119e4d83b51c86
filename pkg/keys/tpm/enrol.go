package tpm

import (
	"context"
	"crypto"
	"crypto/x509"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

const (
	// endorsementCertificate is the NV index of the certificate of the RSA 2048
	// endorsement key (TCG EK Credential Profile, section 2.2.1.4).
	endorsementCertificate = tpm2.TPMHandle(0x01C00002)
	// maxCertificate bounds that certificate, in bytes. They have 1 to 2 KB.
	maxCertificate = 8 << 10
	// nvChunk is how much is read of an NV index at once, in bytes. Every TPM
	// gives that much.
	nvChunk = 512
)

// Enrolment is what a TPM shows to a verifier that does not know it yet. It
// proves nothing; NewChallenge makes the proof.
type Enrolment struct {
	// Certificate is the certificate of the TPM's endorsement key, in DER, by the
	// TPM's maker.
	Certificate []byte
	// Signer is the public area of the attestation key, TPM2B_PUBLIC.
	Signer []byte
}

// Enrol returns what a verifier needs to challenge the TPM that ref names; a
// key that ref names does not matter. A TPM without the certificate of an RSA
// endorsement key, as software TPMs often are, is fault.KeyNotFound.
func (d *Driver) Enrol(ctx context.Context, ref keys.Ref) (*Enrolment, error) {
	return withDevice(ctx, d, ref, func(c *conn) (*Enrolment, error) {
		certificate, err := readCertificate(c)
		if err != nil {
			return nil, err
		}
		ak, err := attestationKey(c)
		if err != nil {
			return nil, err
		}
		defer flush(c, ak.handle)
		return &Enrolment{Certificate: certificate, Signer: tpm2.Marshal(tpm2.New2B(ak.public))}, nil
	})
}

// EnrolHere implements keys.Enroller: challenge and answer at once.
func (d *Driver) EnrolHere(ctx context.Context, ref keys.Ref, trust keys.AttestationTrust) (crypto.PublicKey, error) {
	e, err := d.Enrol(ctx, ref)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, c := range trust.Roots {
		roots.AddCert(c)
	}
	challenge, expected, err := NewChallenge(e, roots, nil, trust.At)
	if err != nil {
		return nil, err
	}
	answer, err := d.Answer(ctx, ref, challenge)
	if err != nil {
		return nil, err
	}
	return expected.Check(answer)
}

// AttestationKey returns the attestation key of the TPM that ref names, for
// somebody who stands at the machine. It proves nothing to anybody else.
func (d *Driver) AttestationKey(ctx context.Context, ref keys.Ref) (crypto.PublicKey, error) {
	return withDevice(ctx, d, ref, func(c *conn) (crypto.PublicKey, error) {
		ak, err := attestationKey(c)
		if err != nil {
			return nil, err
		}
		defer flush(c, ak.handle)
		return publicKey(&ak.public)
	})
}

// withDevice runs f on the TPM that ref names.
func withDevice[T any](ctx context.Context, d *Driver, ref keys.Ref, f func(*conn) (T, error)) (T, error) {
	var none T
	if err := checkOptions(ref); err != nil {
		return none, err
	}
	path, err := d.devicePath(ref)
	if err != nil {
		return none, err
	}
	dev := d.devices.get(path)
	defer dev.put()
	return use(ctx, dev, f, nil)
}

// readCertificate reads the endorsement certificate. Some makers fill the index
// up behind it.
func readCertificate(c *conn) ([]byte, error) {
	rsp, err := tpm2.NVReadPublic{NVIndex: endorsementCertificate}.Execute(c)
	if isAny(err, tpm2.TPMRCHandle, tpm2.TPMRCValue) {
		return nil, fault.New(fault.KeyNotFound, "the TPM at %q has no certificate of an RSA endorsement key", c.path).With("device", c.path).
			WithHint("at the machine itself read its attestation key: stella keys enrol read -o FILE")
	}
	if err != nil {
		return nil, explain(err, "show its certificate")
	}
	public, err := rsp.NVPublic.Contents()
	if err != nil || public.DataSize > maxCertificate {
		return nil, fault.New(fault.DeviceFailed, "the TPM at %q has a malformed certificate", c.path)
	}
	index := tpm2.AuthHandle{Handle: endorsementCertificate, Name: rsp.NVName, Auth: tpm2.PasswordAuth(nil)}
	var content []byte
	for len(content) < int(public.DataSize) {
		size := min(nvChunk, int(public.DataSize)-len(content))
		part, err := tpm2.NVRead{
			AuthHandle: index,
			NVIndex:    tpm2.NamedHandle{Handle: endorsementCertificate, Name: rsp.NVName},
			Size:       uint16(size),
			Offset:     uint16(len(content)),
		}.Execute(c)
		if err != nil {
			return nil, explain(err, "show its certificate")
		}
		if len(part.Data.Buffer) == 0 {
			return nil, fault.New(fault.DeviceFailed, "the TPM at %q has a malformed certificate", c.path)
		}
		content = append(content, part.Data.Buffer...)
	}
	whole := cryptobyte.String(content)
	var certificate cryptobyte.String
	if !whole.ReadASN1Element(&certificate, cryptobyteasn1.SEQUENCE) {
		return nil, fault.New(fault.DeviceFailed, "the TPM at %q has a malformed certificate", c.path)
	}
	return certificate, nil
}

// Answer has the TPM that ref names open a challenge (TPM2_ActivateCredential).
// It can only if it holds both keys: the endorsement key of the certificate and
// the attestation key of the Enrolment. A challenge for another TPM is
// fault.AttestationRejected.
func (d *Driver) Answer(ctx context.Context, ref keys.Ref, ch *Challenge) ([]byte, error) {
	return withDevice(ctx, d, ref, func(c *conn) ([]byte, error) {
		ak, err := attestationKey(c)
		if err != nil {
			return nil, err
		}
		defer flush(c, ak.handle)
		ek, err := makePrimary(c, tpm2.TPMRHEndorsement, tpm2.RSAEKTemplate)
		if err != nil {
			return nil, explain(err, "make its endorsement key")
		}
		defer flush(c, ek.handle)
		return activate(c, ak, ek, ch)
	})
}

func activate(c *conn, ak, ek *object, ch *Challenge) ([]byte, error) {
	rsp, err := tpm2.ActivateCredential{
		ActivateHandle: tpm2.AuthHandle{Handle: ak.handle, Name: ak.name, Auth: tpm2.PasswordAuth(nil)},
		KeyHandle: tpm2.AuthHandle{
			Handle: ek.handle, Name: ek.name,
			Auth: tpm2.Policy(sessionHash, nonceSize, endorsementPolicy, tpm2.Salted(ek.handle, ek.public), tpm2.AESEncryption(128, tpm2.EncryptOut)),
		},
		CredentialBlob: tpm2.TPM2BIDObject{Buffer: ch.Blob},
		Secret:         tpm2.TPM2BEncryptedSecret{Buffer: ch.Secret},
	}.Execute(c)
	switch {
	// TPMRCFailure is how libtpms says that RSA decryption gave nothing sensible.
	case isAny(err, tpm2.TPMRCIntegrity, tpm2.TPMRCValue, tpm2.TPMRCSize, tpm2.TPMRCInsufficient, tpm2.TPMRCFailure):
		return nil, fault.New(fault.AttestationRejected, "the challenge is not for this TPM and its attestation key").
			WithHint("have the verifier make a challenge from what this TPM shows now")
	case err != nil:
		return nil, explain(err, "answer the challenge")
	}
	return rsp.CertInfo.Buffer, nil
}

// endorsementPolicy allows the use of the endorsement key by whoever has the
// password of its hierarchy, which is empty (TCG EK Credential Profile, section
// B.6.2).
func endorsementPolicy(t transport.TPM, session tpm2.TPMISHPolicy, nonce tpm2.TPM2BNonce) error {
	_, err := tpm2.PolicySecret{
		AuthHandle:    tpm2.AuthHandle{Handle: tpm2.TPMRHEndorsement, Auth: tpm2.PasswordAuth(nil)},
		PolicySession: session,
		NonceTPM:      nonce,
	}.Execute(t)
	return err
}
