package tpm

import (
	"github.com/google/go-tpm/tpm2"

	"github.com/stellaops/stella/internal/fault"
)

// sessionHash and nonceSize are what sessions work with; the nonce is in bytes.
const (
	sessionHash = tpm2.TPMAlgSHA256
	nonceSize   = 16
)

// object is a key of the TPM that is not the user's: the parent of a key file,
// which also salts sessions, or the attestation key.
type object struct {
	handle tpm2.TPMHandle
	name   tpm2.TPM2BName
	public tpm2.TPMTPublic
}

// storageTemplate is the primary key that key files stand under by default
// (draft-bottomley-tpm2-keys, section 3.1.7): ECC P-256, template H-2 of the
// TCG EK Credential Profile, section B.4.5, without its policy.
func storageTemplate() tpm2.TPMTPublic {
	template := tpm2.ECCSRKTemplate
	template.Unique = tpm2.NewTPMUPublicID(tpm2.TPMAlgECC, &tpm2.TPMSECCPoint{}) // of size zero
	return template
}

// openParent makes or finds the key that handle names. The caller flushes it.
func openParent(c *conn, handle tpm2.TPMHandle) (*object, error) {
	switch {
	case handle == tpm2.TPMRHOwner:
		return primaryKey(c, handle)
	case handle >= firstPersistent && handle <= lastPersistent:
		return persistentParent(c, handle)
	}
	return nil, fault.New(fault.KeyUnsupported, "the TPM key's parent %#x is neither the owner hierarchy nor a persistent key", uint32(handle))
}

// primaryKey makes the primary storage key of a hierarchy. It is the same each
// time, until the hierarchy is cleared.
func primaryKey(c *conn, hierarchy tpm2.TPMHandle) (*object, error) {
	p, err := makePrimary(c, hierarchy, storageTemplate())
	if isAny(err, tpm2.TPMRCBadAuth, tpm2.TPMRCAuthFail) {
		return nil, fault.New(fault.KeyUnsupported, "the TPM's owner hierarchy has a password, so its storage key cannot be made").
			WithHint("use a persistent parent: make the key with ?parent=0x81000001")
	}
	return p, explain(err, "make its storage key")
}

// makePrimary makes a primary key whose auth value is empty. An error may be
// the TPM's own.
func makePrimary(c *conn, hierarchy tpm2.TPMHandle, template tpm2.TPMTPublic) (*object, error) {
	rsp, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.AuthHandle{Handle: hierarchy, Auth: tpm2.PasswordAuth(nil)},
		InPublic:      tpm2.New2B(template),
	}.Execute(c)
	if err != nil {
		return nil, err
	}
	public, err := rsp.OutPublic.Contents()
	if err != nil {
		flush(c, rsp.ObjectHandle)
		return nil, fault.New(fault.DeviceFailed, "the TPM gave a malformed primary key")
	}
	return &object{handle: rsp.ObjectHandle, name: rsp.Name, public: *public}, nil
}

func persistentParent(c *conn, handle tpm2.TPMHandle) (*object, error) {
	public, name, err := readPublic(c, handle)
	if err != nil {
		return nil, err
	}
	if public == nil {
		return nil, fault.New(fault.KeyNotFound, "the TPM has no key %#x, which is the parent of this key", uint32(handle)).
			WithHint("the TPM was cleared, or the key file belongs to another TPM")
	}
	if a := public.ObjectAttributes; !a.Restricted || !a.Decrypt {
		return nil, fault.New(fault.KeyUnsupported, "the TPM's key %#x is not a storage key and cannot be a parent", uint32(handle))
	}
	return &object{handle: handle, name: name, public: *public}, nil
}

// readPublic returns the public area and the name of a loaded or persistent
// object, and nil if there is none.
func readPublic(c *conn, handle tpm2.TPMHandle) (*tpm2.TPMTPublic, tpm2.TPM2BName, error) {
	rsp, err := tpm2.ReadPublic{ObjectHandle: handle}.Execute(c)
	switch {
	case isAny(err, tpm2.TPMRCHandle, tpm2.TPMRCValue):
		return nil, tpm2.TPM2BName{}, nil
	case err != nil:
		return nil, tpm2.TPM2BName{}, explain(err, "read a public key")
	}
	public, err := rsp.OutPublic.Contents()
	if err != nil {
		return nil, tpm2.TPM2BName{}, fault.New(fault.DeviceFailed, "the TPM gave a malformed public key")
	}
	return public, rsp.Name, nil
}

// auth returns p for use in a command, authorised by a session of its own with
// the empty auth value. What the command brings in is encrypted.
func (p *object) auth() tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: p.handle, Name: p.name, Auth: tpm2.HMAC(sessionHash, nonceSize, p.salted(), encryptIn())}
}

// salted makes the key of a session depend on a secret that only the TPM can
// open, so that who listens on the bus cannot compute it.
func (p *object) salted() tpm2.AuthOption { return tpm2.Salted(p.handle, p.public) }

// encryptIn encrypts the first parameter of each command of a session.
func encryptIn() tpm2.AuthOption { return tpm2.AESEncryption(128, tpm2.EncryptIn) }

// flush removes p from the TPM if it takes room there.
func (p *object) flush(c *conn) {
	if p.handle < firstPersistent || p.handle > lastPersistent {
		flush(c, p.handle)
	}
}

// flush makes the TPM forget a transient object or a session. If that fails
// then the TPM is gone, or has forgotten already.
func flush(c *conn, handle tpm2.TPMHandle) {
	_, _ = tpm2.FlushContext{FlushHandle: handle}.Execute(c)
}
