package ctap

import (
	"crypto"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// Flags of authenticator data (WebAuthn level 2, section 6.1).
const (
	FlagUserPresent  = 0x01
	FlagUserVerified = 0x04
	flagAttested     = 0x40
	flagExtensions   = 0x80
)

// maxCredentialID bounds a credential id, in bytes (WebAuthn level 2, section 4).
const maxCredentialID = 1023

// AuthData is parsed authenticator data.
type AuthData struct {
	// Raw is what the token signs.
	Raw        []byte
	RPIDHash   [32]byte
	Flags      byte
	Counter    uint32
	AAGUID     [16]byte         // at enrolment only, as what follows
	Credential []byte           // the credential id
	Public     crypto.PublicKey // the credential's key
	extensions authExtensions
}

// authExtensions are the outputs of extensions that are asked for.
type authExtensions struct {
	// HMACSecret is true at enrolment, and bytes in an assertion.
	HMACSecret any `cbor:"hmac-secret"`
	Protect    int `cbor:"credProtect"`
}

// parseAuthData parses authenticator data whole: nothing may follow.
func parseAuthData(b []byte) (*AuthData, error) {
	const fixed = 32 + 1 + 4
	if len(b) < fixed {
		return nil, malformed("authenticator data that is too short")
	}
	d := &AuthData{Raw: b, RPIDHash: [32]byte(b), Flags: b[32], Counter: binary.BigEndian.Uint32(b[33:])}
	rest, err := b[fixed:], error(nil)
	if d.Flags&flagAttested != 0 {
		if rest, err = d.parseAttested(rest); err != nil {
			return nil, err
		}
	}
	if d.Flags&flagExtensions != 0 {
		if rest, err = decodeFirst(rest, &d.extensions); err != nil {
			return nil, err
		}
	}
	if len(rest) > 0 {
		return nil, malformed("bytes after the authenticator data")
	}
	return d, nil
}

// parseAttested parses attested credential data (WebAuthn level 2, section 6.5.1).
func (d *AuthData) parseAttested(b []byte) (rest []byte, err error) {
	const fixed = 16 + 2
	if len(b) < fixed {
		return nil, malformed("attested credential data that is too short")
	}
	d.AAGUID = [16]byte(b)
	size := int(binary.BigEndian.Uint16(b[16:]))
	b = b[fixed:]
	if size == 0 || size > maxCredentialID || size > len(b) {
		return nil, malformed("a credential id of the wrong size")
	}
	d.Credential = b[:size]
	var key coseKey
	if rest, err = decodeFirst(b[size:], &key); err != nil {
		return nil, err
	}
	d.Public, err = key.public()
	return rest, err
}

// check holds the data against what was asked: the relying party, a touch, and
// the user verified if and only if that was wanted.
func (d *AuthData) check(rpID string, present, verified bool) error {
	want := sha256.Sum256([]byte(rpID))
	switch {
	case subtle.ConstantTimeCompare(want[:], d.RPIDHash[:]) != 1:
		return malformed("it is about another relying party")
	case present && d.Flags&FlagUserPresent == 0:
		return malformed("it says that nobody touched it")
	case verified && d.Flags&FlagUserVerified == 0:
		return malformed("it says that its user was not verified, after it took the PIN")
	}
	return nil
}
