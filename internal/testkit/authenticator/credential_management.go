package authenticator

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// The subcommands of authenticatorCredentialManagement (CTAP 2.1, 6.8).
const (
	getCredsMetadata      = 0x01
	enumerateRPsBegin     = 0x02
	enumerateRPsNext      = 0x03
	enumerateCredsBegin   = 0x04
	enumerateCredsNext    = 0x05
	deleteCredential      = 0x06
	updateUserInformation = 0x07
)

type manageRequest struct {
	Subcommand *byte           `cbor:"1,keyasint"`
	Raw        cbor.RawMessage `cbor:"2,keyasint"`
	Protocol   *int            `cbor:"3,keyasint"`
	Param      []byte          `cbor:"4,keyasint"`
}

type manageParameters struct {
	RPIDHash []byte      `cbor:"1,keyasint"`
	ID       *descriptor `cbor:"2,keyasint"`
	User     *userEntity `cbor:"3,keyasint"`
}

type manageAnswer struct {
	Existing   *int          `cbor:"1,keyasint,omitempty"`
	Remaining  *int          `cbor:"2,keyasint,omitempty"`
	RP         *relyingParty `cbor:"3,keyasint,omitempty"`
	RPIDHash   []byte        `cbor:"4,keyasint,omitempty"`
	TotalRPs   int           `cbor:"5,keyasint,omitempty"`
	User       *userEntity   `cbor:"6,keyasint,omitempty"`
	ID         *descriptor   `cbor:"7,keyasint,omitempty"`
	PublicKey  *coseKey      `cbor:"8,keyasint,omitempty"`
	Total      int           `cbor:"9,keyasint,omitempty"`
	Protection protection    `cbor:"10,keyasint,omitempty"`
}

// manage is authenticatorCredentialManagement (CTAP 2.1, 6.8).
func (k *token) manage(c call, body []byte) (any, error) {
	if k.ctap20 {
		return nil, InvalidCommand
	}
	var r manageRequest
	if err := decode(body, &r); err != nil {
		return nil, err
	}
	if r.Subcommand == nil {
		return nil, MissingParameter
	}
	switch *r.Subcommand {
	case enumerateRPsNext:
		return k.iterateOn(c, relyingParties)
	case enumerateCredsNext:
		return k.iterateOn(c, credentials)
	}
	t, p, err := k.manageable(r)
	if err != nil {
		return nil, err
	}
	switch *r.Subcommand {
	case getCredsMetadata:
		return k.metadata(t)
	case enumerateRPsBegin:
		return k.enumerateRPs(c, t)
	case enumerateCredsBegin:
		return k.enumerateCredentials(c, t, p)
	case deleteCredential:
		return nil, k.remove(t, p)
	default:
		return nil, k.rename(t, p)
	}
}

// manageable checks the PIN token over subcommand and parameters.
func (k *token) manageable(r manageRequest) (t *pinToken, p manageParameters, err error) {
	if *r.Subcommand > updateUserInformation || *r.Subcommand < getCredsMetadata {
		return nil, p, InvalidSubcommand
	}
	if r.Param == nil {
		return nil, p, PUATRequired
	}
	protocol, err := k.checkProtocol(r.Protocol)
	if err != nil {
		return nil, p, err
	}
	t, err = k.verifyToken(protocol, append([]byte{*r.Subcommand}, r.Raw...), r.Param, mayManage)
	if err != nil || r.Raw == nil {
		return t, p, err
	}
	return t, p, decode(r.Raw, &p)
}

func (k *token) metadata(t *pinToken) (any, error) {
	if t.rpID != "" {
		return nil, PINAuthInvalid
	}
	existing, remaining := len(k.store.resident()), k.store.free()
	return manageAnswer{Existing: &existing, Remaining: &remaining}, nil
}

// enumerateRPs tells the relying parties of resident credentials.
func (k *token) enumerateRPs(c call, t *pinToken) (any, error) {
	if t.rpID != "" {
		return nil, PINAuthInvalid
	}
	var all []relyingParty
	for _, c := range k.store.resident() {
		if !slices.ContainsFunc(all, func(rp relyingParty) bool { return rp.ID == c.rp.ID }) {
			all = append(all, c.rp)
		}
	}
	if len(all) == 0 {
		return nil, NoCredentials
	}
	return k.iterate(c, relyingParties, len(all), func(i int) (any, error) {
		hash := sha256.Sum256([]byte(all[i].ID))
		a := manageAnswer{RP: &all[i], RPIDHash: hash[:]}
		if i == 0 {
			a.TotalRPs = len(all)
		}
		return a, nil
	})
}

// enumerateCredentials tells the resident credentials of a relying party.
func (k *token) enumerateCredentials(c call, t *pinToken, p manageParameters) (any, error) {
	if p.RPIDHash == nil {
		return nil, MissingParameter
	}
	found := slices.DeleteFunc(k.store.resident(), func(c *credential) bool {
		hash := sha256.Sum256([]byte(c.rp.ID))
		return !bytes.Equal(hash[:], p.RPIDHash)
	})
	switch {
	case len(found) == 0:
		return nil, NoCredentials
	case t.rpID != "" && t.rpID != found[0].rp.ID:
		return nil, PINAuthInvalid
	}
	return k.iterate(c, credentials, len(found), func(i int) (any, error) {
		a, err := found[i].describe()
		if i == 0 {
			a.Total = len(found)
		}
		return a, err
	})
}

func (c *credential) describe() (manageAnswer, error) {
	public, err := newCOSEKey(c.algorithm, c.key.Public())
	id := c.descriptor()
	return manageAnswer{User: &c.user, ID: &id, PublicKey: &public, Protection: c.protection}, err
}

// managed finds the resident credential that parameters name.
func (k *token) managed(t *pinToken, p manageParameters) (*credential, error) {
	if p.ID == nil {
		return nil, MissingParameter
	}
	all := k.store.resident()
	i := slices.IndexFunc(all, func(c *credential) bool { return bytes.Equal(c.id, p.ID.ID) })
	switch {
	case i < 0:
		return nil, NoCredentials
	case t.rpID != "" && t.rpID != all[i].rp.ID:
		return nil, PINAuthInvalid
	default:
		return all[i], nil
	}
}

func (k *token) remove(t *pinToken, p manageParameters) error {
	c, err := k.managed(t, p)
	if err != nil {
		return err
	}
	k.store.all = slices.DeleteFunc(k.store.all, func(o *credential) bool { return o == c })
	return nil
}

// rename is updateUserInformation: names change, the user's id may not.
func (k *token) rename(t *pinToken, p manageParameters) error {
	c, err := k.managed(t, p)
	switch {
	case err != nil:
		return err
	case p.User == nil:
		return MissingParameter
	case !bytes.Equal(p.User.ID, c.user.ID):
		return InvalidParameter
	}
	c.user = *p.User
	return nil
}
