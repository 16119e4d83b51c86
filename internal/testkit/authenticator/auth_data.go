package authenticator

import (
	"crypto/sha256"
	"encoding/binary"
)

// The flags of authenticator data (WebAuthn 2, 6.1).
const (
	flagUP = 0x01 // the user was there
	flagUV = 0x04 // the user was verified
	flagAT = 0x40 // a credential follows
	flagED = 0x80 // extensions follow
)

// authData returns authenticator data: 37 bytes, then the parts that the flags
// tell of.
func authData(rpID string, flags byte, counter uint32, rest ...[]byte) []byte {
	hash := sha256.Sum256([]byte(rpID))
	b := append(hash[:], flags)
	b = binary.BigEndian.AppendUint32(b, counter)
	for _, r := range rest {
		b = append(b, r...)
	}
	return b
}

// creationData is the authenticator data of a new credential.
func (k *token) creationData(c *credential, uv bool, granted creationExtensions) ([]byte, error) {
	attested, err := k.attestedData(c)
	if err != nil {
		return nil, err
	}
	flags := byte(flagUP | flagAT)
	if uv {
		flags |= flagUV
	}
	var extensions []byte
	if granted != (creationExtensions{}) {
		flags |= flagED
		if extensions, err = encode(granted); err != nil {
			return nil, err
		}
	}
	return authData(c.rp.ID, flags, k.count(), attested, extensions), nil
}

// attestedData is AAGUID, credential id and public key (WebAuthn 2, 6.5.1).
// A fido-u2f attestation has no AAGUID.
func (k *token) attestedData(c *credential) ([]byte, error) {
	public, err := newCOSEKey(c.algorithm, c.key.Public())
	if err != nil {
		return nil, err
	}
	coded, err := encode(public)
	if err != nil {
		return nil, err
	}
	aaguid := k.aaguid
	if k.attestation == AttestU2F {
		aaguid = [16]byte{}
	}
	b := binary.BigEndian.AppendUint16(aaguid[:], uint16(len(c.id)))
	return append(append(b, c.id...), coded...), nil
}

// count is the next value of the device's one signature counter.
func (k *token) count() uint32 {
	k.counter++
	return k.counter
}
