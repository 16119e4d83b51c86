package authenticator

import (
	"bytes"
	"crypto"
	"slices"
)

// publicKeyType is the only type of credential there is.
const publicKeyType = "public-key"

// credentialIDSize is the length of credential ids in bytes.
const credentialIDSize = 48

// A protection is how well a credential is protected (credProtect, CTAP 2.1, 12.1).
type protection int

const (
	uvOptional         protection = 1
	uvOptionalWithList protection = 2 // without PIN only for who knows the id
	uvRequired         protection = 3
)

// A credential is a key and what was said when it was made.
type credential struct {
	id         []byte
	rp         relyingParty
	user       userEntity
	algorithm  Algorithm
	key        crypto.Signer
	resident   bool
	protection protection
	secrets    *hmacSecrets // nil without hmac-secret
}

// A relyingParty is a PublicKeyCredentialRpEntity of WebAuthn.
type relyingParty struct {
	ID   string `cbor:"id"`
	Name string `cbor:"name,omitempty"`
}

// A userEntity is a PublicKeyCredentialUserEntity of WebAuthn.
type userEntity struct {
	ID          []byte `cbor:"id"`
	Name        string `cbor:"name,omitempty"`
	DisplayName string `cbor:"displayName,omitempty"`
	Icon        string `cbor:"icon,omitempty"`
}

// A descriptor is a PublicKeyCredentialDescriptor of WebAuthn.
type descriptor struct {
	ID         []byte   `cbor:"id"`
	Type       string   `cbor:"type"`
	Transports []string `cbor:"transports,omitempty"`
}

func (c *credential) descriptor() descriptor { return descriptor{ID: c.id, Type: publicKeyType} }

// visible tells whether the credential exists for a client that verified the
// user (uv) or not, and that named its id or not (CTAP 2.1, 12.1).
func (c *credential) visible(uv, named bool) bool {
	switch {
	case uv || c.protection == uvOptional:
		return true
	case c.protection == uvOptionalWithList:
		return named
	default:
		return false
	}
}

// A store holds the credentials, oldest first. A real device puts those that are
// not resident into their ids, encrypted; that makes no difference to a client.
type store struct {
	slots int // for resident credentials
	all   []*credential
}

// add stores a credential. A resident one replaces that of the same user at the
// same relying party.
func (s *store) add(c *credential) error {
	if !c.resident {
		s.all = append(s.all, c)
		return nil
	}
	same := slices.IndexFunc(s.all, func(o *credential) bool {
		return o.resident && o.rp.ID == c.rp.ID && bytes.Equal(o.user.ID, c.user.ID)
	})
	if same >= 0 {
		s.all = slices.Delete(s.all, same, same+1)
	} else if s.free() == 0 {
		return KeyStoreFull
	}
	s.all = append(s.all, c)
	return nil
}

// find returns the credential of an id at a relying party, or nil.
func (s *store) find(rpID string, id []byte) *credential {
	i := slices.IndexFunc(s.all, func(c *credential) bool { return c.rp.ID == rpID && bytes.Equal(c.id, id) })
	if i < 0 {
		return nil
	}
	return s.all[i]
}

// resident returns the resident credentials, newest first.
func (s *store) resident() []*credential {
	var found []*credential
	for _, c := range slices.Backward(s.all) {
		if c.resident {
			found = append(found, c)
		}
	}
	return found
}

// of returns the resident credentials of a relying party, newest first.
func (s *store) of(rpID string) []*credential {
	return slices.DeleteFunc(s.resident(), func(c *credential) bool { return c.rp.ID != rpID })
}

func (s *store) free() int { return max(0, s.slots-len(s.resident())) }
