package ctap

import (
	"context"

	"github.com/fxamacker/cbor/v2"
)

// NewCredential says which credential is made.
type NewCredential struct {
	RPID           string
	UserID         []byte // 1 to 64 bytes; one resident credential for each
	UserName       string
	ClientDataHash []byte // 32 bytes
	Algorithm      int    // ES256 or EdDSA
	// HMACSecret gives the credential secrets for [Client.Secret].
	HMACSecret bool
	// ProtectUV makes the token refuse the credential without user verification,
	// where it can (credProtect, policy 3).
	ProtectUV bool
	// Resident stores the credential on the token.
	Resident bool
	// PIN verifies the user; nil for none.
	PIN []byte
	// Touched is called when the token waits for a touch; it may be nil.
	Touched func()
}

// Credential is a new credential.
type Credential struct {
	AuthData *AuthData
	// Format is that of the attestation statement: "packed", "fido-u2f", "none".
	Format string
	// Attestation is the attestation object in CBOR (WebAuthn level 2, section
	// 6.5.4): format, statement and authenticator data.
	Attestation []byte
}

type rpEntity struct {
	ID   string `cbor:"id"`
	Name string `cbor:"name,omitempty"`
}

type userEntity struct {
	ID          []byte `cbor:"id"`
	Name        string `cbor:"name,omitempty"`
	DisplayName string `cbor:"displayName,omitempty"`
}

type makeCredentialRequest struct {
	ClientDataHash []byte          `cbor:"1,keyasint"`
	RP             rpEntity        `cbor:"2,keyasint"`
	User           userEntity      `cbor:"3,keyasint"`
	Parameters     []parameter     `cbor:"4,keyasint"`
	Extensions     map[string]any  `cbor:"6,keyasint,omitempty"`
	Options        map[string]bool `cbor:"7,keyasint,omitempty"`
	Param          []byte          `cbor:"8,keyasint,omitempty"`
	Protocol       int             `cbor:"9,keyasint,omitempty"`
}

type makeCredentialAnswer struct {
	Format    string          `cbor:"1,keyasint"`
	AuthData  []byte          `cbor:"2,keyasint"`
	Statement cbor.RawMessage `cbor:"3,keyasint"`
}

// attestationObject is that of WebAuthn, in the order of canonical CBOR.
type attestationObject struct {
	Format    string          `cbor:"fmt"`
	Statement cbor.RawMessage `cbor:"attStmt"`
	AuthData  []byte          `cbor:"authData"`
}

// protectUV is userVerificationRequired (CTAP 2.1, section 12.1).
const protectUV = 3

// MakeCredential makes a credential, for which the token wants a touch (CTAP 2.1,
// section 6.1).
func (c *Client) MakeCredential(ctx context.Context, n NewCredential) (*Credential, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	r := makeCredentialRequest{
		ClientDataHash: n.ClientDataHash,
		RP:             rpEntity{ID: n.RPID, Name: n.RPID},
		User:           userEntity{ID: n.UserID, Name: n.UserName, DisplayName: n.UserName},
		Parameters:     []parameter{{n.Algorithm, publicKeyType}},
		Extensions:     map[string]any{},
	}
	if n.HMACSecret {
		r.Extensions["hmac-secret"] = true
	}
	if n.ProtectUV && info.Has("credProtect") {
		r.Extensions["credProtect"] = protectUV
	}
	if n.Resident {
		r.Options = map[string]bool{"rk": true}
	}
	if n.PIN != nil {
		token, err := c.pinToken(ctx, info, n.PIN, permitMakeCredential, n.RPID)
		if err != nil {
			return nil, err
		}
		defer token.wipe()
		r.Param, r.Protocol = token.authenticate(n.ClientDataHash), token.protocol
	}
	var a makeCredentialAnswer
	if err := c.call(ctx, cmdMakeCredential, r, &a, n.Touched); err != nil {
		return nil, err
	}
	return newCredential(n, a)
}

// newCredential holds the answer against what was asked for.
func newCredential(n NewCredential, a makeCredentialAnswer) (*Credential, error) {
	data, err := parseAuthData(a.AuthData)
	if err != nil {
		return nil, err
	}
	if err := data.check(n.RPID, true, n.PIN != nil); err != nil {
		return nil, err
	}
	switch {
	case data.Public == nil:
		return nil, malformed("a new credential without its key")
	case algorithmOf(data.Public) != n.Algorithm:
		return nil, malformed("a new credential of another algorithm")
	case n.HMACSecret && data.extensions.HMACSecret != true:
		return nil, malformed("a new credential without hmac-secret")
	case a.Format == "" || len(a.Statement) == 0:
		return nil, malformed("a new credential without an attestation")
	}
	object, err := encode(attestationObject{a.Format, a.Statement, a.AuthData})
	if err != nil {
		return nil, err
	}
	return &Credential{AuthData: data, Format: a.Format, Attestation: object}, nil
}
