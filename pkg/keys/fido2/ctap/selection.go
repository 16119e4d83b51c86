package ctap

import (
	"context"
	"errors"
)

// selectByPIN is Select for tokens before CTAP 2.1: a request with an empty PIN
// proof is refused after a touch (CTAP 2.0, section 5.5.8.1: "Just-in-time
// selection").
func (c *Client) selectByPIN(ctx context.Context, touched func()) error {
	empty := []byte{}
	err := c.call(ctx, cmdMakeCredential, emptyProofRequest{
		ClientDataHash: make([]byte, 32),
		RP:             rpEntity{ID: "stella:select"},
		User:           userEntity{ID: []byte{1}, Name: "select"},
		Parameters:     []parameter{{ES256, publicKeyType}},
		Param:          empty, Protocol: 1,
	}, nil, touched)
	switch s, _ := errors.AsType[Status](err); {
	case err == nil:
		return malformed("a credential that nobody asked for")
	case s == StatusPINInvalid, s == StatusPINNotSet, s == StatusPINAuthInvalid:
		return nil
	}
	return err
}

// emptyProofRequest is makeCredentialRequest with a proof that is there and empty.
type emptyProofRequest struct {
	ClientDataHash []byte      `cbor:"1,keyasint"`
	RP             rpEntity    `cbor:"2,keyasint"`
	User           userEntity  `cbor:"3,keyasint"`
	Parameters     []parameter `cbor:"4,keyasint"`
	Param          []byte      `cbor:"8,keyasint"`
	Protocol       int         `cbor:"9,keyasint"`
}
