package tpm

import (
	"context"
	"encoding/hex"

	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

var _ keys.Enroller = (*Driver)(nil)

// maxNonce bounds a verifier's nonce, in bytes.
const maxNonce = 32

// Attest has the TPM certify the key that ref names: TPM2_Certify by the TPM's
// attestation key, which is the primary key of the endorsement hierarchy by
// attestationTemplate and therefore the same until the TPM gets a new
// endorsement seed. VerifyAttestation tells what that proves.
//
// A reference may have nonce=HEX with what a verifier asked for. The errors are
// those of Open.
func (d *Driver) Attest(ctx context.Context, ref keys.Ref) (*keys.Attestation, error) {
	if err := checkOptions(ref, optionNonce); err != nil {
		return nil, err
	}
	nonce, err := parseNonce(ref)
	if err != nil {
		return nil, err
	}
	s, err := d.open(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }() // always nil
	st, err := use(ctx, s.device, func(*conn) (*statement, error) { return s.key.certify(s.pin, nonce) }, nil)
	if err != nil {
		return nil, err
	}
	return &keys.Attestation{Format: AttestationFormat, Statement: st.marshal()}, nil
}

func parseNonce(ref keys.Ref) ([]byte, error) {
	text, given := ref.Option(optionNonce)
	if !given {
		return nil, nil
	}
	nonce, err := hex.DecodeString(text)
	if err != nil || len(nonce) > maxNonce {
		return nil, fault.New(fault.UsageInvalid, "malformed nonce in a key reference").
			WithHint("write at most %d bytes in hex: nonce=0123abcd", maxNonce)
	}
	return nonce, nil
}

// certify has the TPM's attestation key sign what key this is.
func (k *key) certify(pin, nonce []byte) (*statement, error) {
	admin, end, err := k.admin(pin)
	if err != nil {
		return nil, err
	}
	defer end()
	ak, err := attestationKey(k.conn)
	if err != nil {
		return nil, err
	}
	defer flush(k.conn, ak.handle)
	rsp, err := tpm2.Certify{
		ObjectHandle:   tpm2.AuthHandle{Handle: k.handle, Name: k.name, Auth: admin},
		SignHandle:     tpm2.AuthHandle{Handle: ak.handle, Name: ak.name, Auth: tpm2.PasswordAuth(nil)},
		QualifyingData: tpm2.TPM2BData{Buffer: nonce},
		InScheme:       tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
	}.Execute(k.conn)
	if err != nil {
		return nil, k.refused(err, "certify the key")
	}
	return &statement{public: *k.public, signer: ak.public, certify: rsp.CertifyInfo.Bytes(), signature: rsp.Signature}, nil
}

// admin returns a session that may certify the key, which the auth value alone
// allows, whatever policy its use has.
func (k *key) admin(pin []byte) (tpm2.Session, func(), error) {
	if k.dead != nil {
		return nil, nil, k.dead
	}
	if k.policy == nil {
		return k.session, func() {}, nil
	}
	salt, err := primaryKey(k.conn, tpm2.TPMRHNull)
	if err != nil {
		return nil, nil, err
	}
	defer salt.flush(k.conn)
	session, end, err := tpm2.HMACSession(k.conn, sessionHash, nonceSize, salt.salted(), tpm2.Auth(pin))
	if err != nil {
		return nil, nil, explain(err, "begin a session")
	}
	return session, func() { _ = end() }, nil // a TPM that is gone has forgotten
}

// attestationTemplate is the TPM's attestation key: ECDSA on P-256, restricted
// to what the TPM itself says, and never outside the TPM.
func attestationTemplate() tpm2.TPMTPublic {
	return tpm2.TPMTPublic{
		Type:    tpm2.TPMAlgECC,
		NameAlg: tpm2.TPMAlgSHA256,
		ObjectAttributes: tpm2.TPMAObject{
			FixedTPM:            true,
			FixedParent:         true,
			SensitiveDataOrigin: true,
			UserWithAuth:        true,
			NoDA:                true,
			Restricted:          true,
			SignEncrypt:         true,
		},
		Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
			Symmetric: tpm2.TPMTSymDefObject{Algorithm: tpm2.TPMAlgNull},
			Scheme: tpm2.TPMTECCScheme{
				Scheme:  tpm2.TPMAlgECDSA,
				Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256}),
			},
			CurveID: tpm2.TPMECCNistP256,
			KDF:     tpm2.TPMTKDFScheme{Scheme: tpm2.TPMAlgNull},
		}),
		Unique: tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{}),
	}
}

// attestationKey makes the attestation key. The caller flushes it.
func attestationKey(c *conn) (*object, error) {
	ak, err := makePrimary(c, tpm2.TPMRHEndorsement, attestationTemplate())
	if isAny(err, tpm2.TPMRCBadAuth, tpm2.TPMRCAuthFail) {
		return nil, fault.New(fault.DeviceFailed, "the TPM's endorsement hierarchy has a password, so its attestation key cannot be made").
			WithHint("let the TPM's administrator attest the key")
	}
	return ak, explain(err, "make its attestation key")
}
