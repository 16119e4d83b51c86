package ctap

import (
	"context"
	"crypto"
	"errors"

	"github.com/stellaops/stella/internal/fault"
)

// The subcommands of authenticatorCredentialManagement (CTAP 2.1, section 6.8).
const (
	credBeginRPs         = 0x02
	credNextRP           = 0x03
	credBeginCredentials = 0x04
	credNextCredential   = 0x05
)

// maxResident bounds the resident credentials that are listed.
const maxResident = 1024

// Resident is a credential that is stored on the token.
type Resident struct {
	RPID       string
	UserName   string
	Credential []byte
	Public     crypto.PublicKey // nil for an algorithm that is not used here
}

type managementRequest struct {
	Subcommand int            `cbor:"1,keyasint"`
	Params     map[int][]byte `cbor:"2,keyasint,omitempty"`
	Protocol   int            `cbor:"3,keyasint,omitempty"`
	Param      []byte         `cbor:"4,keyasint,omitempty"`
}

type managementAnswer struct {
	RP         *rpEntity   `cbor:"3,keyasint"`
	RPIDHash   []byte      `cbor:"4,keyasint"`
	TotalRPs   int         `cbor:"5,keyasint"`
	User       *userEntity `cbor:"6,keyasint"`
	Credential *descriptor `cbor:"7,keyasint"`
	Public     *coseKey    `cbor:"8,keyasint"`
	Total      int         `cbor:"9,keyasint"`
}

// Residents lists the credentials that are stored on the token, for which it
// wants the PIN. A token that cannot is fault.DeviceFailed.
func (c *Client) Residents(ctx context.Context, pin []byte) ([]Resident, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	if !info.credentialManagement() {
		return nil, fault.New(fault.DeviceFailed, "the token cannot list its credentials").
			WithHint("name the key file that was made with the credential")
	}
	token, err := c.pinToken(ctx, info, pin, permitCredentialManagement, "")
	if err != nil {
		return nil, err
	}
	defer token.wipe()
	rps, err := c.relyingParties(ctx, token)
	if err != nil {
		return nil, err
	}
	var out []Resident
	for _, rp := range rps {
		list, err := c.residentsOf(ctx, token, rp)
		if err != nil {
			return nil, err
		}
		if out = append(out, list...); len(out) > maxResident {
			return nil, malformed("more credentials than a token can hold")
		}
	}
	return out, nil
}

type relyingParty struct {
	id   string
	hash []byte
}

func (c *Client) relyingParties(ctx context.Context, token *pinToken) ([]relyingParty, error) {
	var out []relyingParty
	err := c.enumerate(ctx, managementRequest{
		Subcommand: credBeginRPs, Protocol: token.protocol, Param: token.authenticate([]byte{credBeginRPs}),
	}, credNextRP, func(a managementAnswer) (int, error) {
		if a.RP == nil || len(a.RPIDHash) != 32 {
			return 0, malformed("a relying party without id")
		}
		out = append(out, relyingParty{a.RP.ID, a.RPIDHash})
		return a.TotalRPs, nil
	})
	return out, err
}

func (c *Client) residentsOf(ctx context.Context, token *pinToken, rp relyingParty) ([]Resident, error) {
	params := map[int][]byte{1: rp.hash}
	body, err := encode(params)
	if err != nil {
		return nil, err
	}
	var out []Resident
	err = c.enumerate(ctx, managementRequest{
		Subcommand: credBeginCredentials, Params: params,
		Protocol: token.protocol, Param: token.authenticate([]byte{credBeginCredentials}, body),
	}, credNextCredential, func(a managementAnswer) (int, error) {
		if a.Credential == nil || a.Public == nil || a.User == nil {
			return 0, malformed("a credential without its parts")
		}
		r := Resident{RPID: rp.id, UserName: a.User.Name, Credential: a.Credential.ID}
		if pub, err := a.Public.public(); err == nil {
			r.Public = pub
		}
		out = append(out, r)
		return a.Total, nil
	})
	return out, err
}

// enumerate begins an enumeration and asks for the rest; take returns the total
// that the first answer announces.
func (c *Client) enumerate(ctx context.Context, begin managementRequest, next int, take func(managementAnswer) (int, error)) error {
	var a managementAnswer
	err := c.call(ctx, cmdCredentialManagement, begin, &a, nil)
	if errors.Is(err, StatusNoCredentials) {
		return nil
	}
	if err != nil {
		return err
	}
	total, err := take(a)
	if err != nil {
		return err
	}
	if total < 1 || total > maxResident {
		return malformed("an impossible number of credentials")
	}
	for range total - 1 {
		var a managementAnswer
		if err := c.call(ctx, cmdCredentialManagement, managementRequest{Subcommand: next}, &a, nil); err != nil {
			return err
		}
		if _, err := take(a); err != nil {
			return err
		}
	}
	return nil
}
