package tpm

import (
	"crypto"
	"math/big"

	"github.com/google/go-tpm/tpm2"
	"golang.org/x/crypto/cryptobyte"
	cryptobyteasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stellaops/stella/internal/fault"
)

// key is a key in the TPM. It belongs to whoever has the device's turn.
type key struct {
	conn   *conn
	handle tpm2.TPMHandle
	name   tpm2.TPM2BName
	public *tpm2.TPMTPublic
	// parent salts the session. It is in the TPM until the session began.
	parent *object
	// policy is run before each use; nil for a key that its auth value opens.
	policy []policyStep
	// wantsPIN says that the key has an auth value.
	wantsPIN bool

	session tpm2.Session
	dead    error // why the key is not used again
}

// loadFile loads the key of a key file.
func loadFile(c *conn, f *keyFile) (*key, error) {
	k := &key{conn: c, public: &f.public, wantsPIN: !f.emptyAuth}
	if err := k.setPolicy(f); err != nil {
		return nil, err
	}
	name, err := tpm2.ObjectName(&f.public)
	if err != nil {
		return nil, malformed("its public part names an unknown hash function")
	}
	k.name = *name
	if k.parent, err = openParent(c, f.parent); err != nil {
		return nil, err
	}
	rsp, err := tpm2.Load{
		ParentHandle: k.parent.auth(),
		InPrivate:    f.private,
		InPublic:     tpm2.New2B(f.public),
	}.Execute(c)
	if err != nil {
		k.parent.flush(c)
		return nil, loadError(err, f.parent)
	}
	k.handle = rsp.ObjectHandle
	return k, nil
}

func loadError(err error, parent tpm2.TPMHandle) error {
	switch {
	case isAny(err, tpm2.TPMRCIntegrity, tpm2.TPMRCBinding, tpm2.TPMRCSize, tpm2.TPMRCInsufficient):
		return fault.New(fault.KeySelfTest, "the key file does not fit this TPM").
			WithHint("another TPM made the key, the TPM was cleared since, or the file is damaged")
	case isAny(err, tpm2.TPMRCAuthFail, tpm2.TPMRCBadAuth):
		return fault.New(fault.KeyUnsupported, "the key's parent %#x has a password, which stella does not give", uint32(parent))
	case isAny(err, tpm2.TPMRCCurve, tpm2.TPMRCKeySize, tpm2.TPMRCScheme, tpm2.TPMRCHash):
		return fault.New(fault.KeyUnsupported, "this TPM does not have the key's algorithm")
	}
	return explain(err, "load the key")
}

// findPersistent returns the key that the TPM keeps under a handle. Nothing
// tells whether it has a PIN: the reference says.
func findPersistent(c *conn, handle tpm2.TPMHandle, wantsPIN bool) (*key, error) {
	public, name, err := readPublic(c, handle)
	if err != nil {
		return nil, err
	}
	if public == nil {
		return nil, noPersistent(c, handle)
	}
	if err := checkSigning(public); err != nil {
		return nil, err
	}
	if !public.ObjectAttributes.UserWithAuth {
		return nil, fault.New(fault.KeyUnsupported, "the TPM's key %#x is used by a policy only, which is not known without its key file", uint32(handle)).
			WithHint("give the key file: tpm:PATH")
	}
	// The storage key of the null hierarchy is there in every TPM.
	salt, err := primaryKey(c, tpm2.TPMRHNull)
	if err != nil {
		return nil, err
	}
	return &key{conn: c, handle: handle, name: name, public: public, wantsPIN: wantsPIN, parent: salt}, nil
}

// begin starts the session that the key is used with. The parent is no longer
// needed then. pin stays the caller's until release.
func (k *key) begin(pin []byte) error {
	defer k.dropParent()
	options := []tpm2.AuthOption{k.parent.salted(), tpm2.Auth(pin)}
	var err error
	if k.policy == nil {
		k.session, _, err = tpm2.HMACSession(k.conn, sessionHash, nonceSize, append(options, encryptIn())...)
	} else {
		k.session, _, err = tpm2.PolicySession(k.conn, k.public.NameAlg, nonceSize, options...)
	}
	return explain(err, "begin a session")
}

func (k *key) dropParent() {
	if k.parent != nil {
		k.parent.flush(k.conn)
		k.parent = nil
	}
}

// release makes the TPM forget the key and its session.
func (k *key) release() {
	k.dropParent()
	if k.session != nil {
		flush(k.conn, k.session.Handle())
		k.session = nil
	}
	if k.handle < firstPersistent || k.handle > lastPersistent {
		flush(k.conn, k.handle)
	}
	k.dead = fault.New(fault.Internal, "the TPM key is closed")
}

// sign signs a digest. A wrong PIN, and anything that leaves a policy half run,
// ends the use of the key: the PIN is never tried again.
func (k *key) sign(digest []byte, hash crypto.Hash) ([]byte, error) {
	if k.dead != nil {
		return nil, k.dead
	}
	if err := k.runPolicy(); err != nil {
		k.dead = err
		return nil, err
	}
	rsp, err := tpm2.Sign{
		KeyHandle:  k.auth(),
		Digest:     tpm2.TPM2BDigest{Buffer: digest},
		InScheme:   signatureScheme(k.public, hashAlgorithm(hash)),
		Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck, Hierarchy: tpm2.TPMRHNull},
	}.Execute(k.conn)
	if err != nil {
		return nil, k.refused(err, "sign")
	}
	return encodeSignature(&rsp.Signature, k.public)
}

func (k *key) auth() tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: k.handle, Name: k.name, Auth: k.session}
}

// refused explains why the TPM did not use the key.
func (k *key) refused(err error, what string) error {
	switch {
	case isAny(err, tpm2.TPMRCAuthFail, tpm2.TPMRCBadAuth):
		k.dead = k.wrongPIN()
		return k.dead
	case isAny(err, tpm2.TPMRCPolicyFail, tpm2.TPMRCPCRChanged, tpm2.TPMRCPCR):
		err = policyUnmet()
	default:
		err = explain(err, what)
	}
	if k.policy != nil || k.conn.broken != nil {
		k.dead = err
	}
	return err
}

// encodeSignature returns a signature as its scheme demands: DER for ECDSA, as
// long as the modulus for RSA.
func encodeSignature(s *tpm2.TPMTSignature, public *tpm2.TPMTPublic) ([]byte, error) {
	if public.Type == tpm2.TPMAlgRSA {
		sig, err := s.Signature.RSASSA()
		if err != nil {
			return nil, oddSignature()
		}
		return sig.Sig.Buffer, nil
	}
	sig, err := s.Signature.ECDSA()
	if err != nil {
		return nil, oddSignature()
	}
	var b cryptobyte.Builder
	b.AddASN1(cryptobyteasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(sig.SignatureR.Buffer))
		b.AddASN1BigInt(new(big.Int).SetBytes(sig.SignatureS.Buffer))
	})
	return b.Bytes()
}

func oddSignature() error {
	return fault.New(fault.DeviceFailed, "the TPM signed with another scheme than it was told")
}
