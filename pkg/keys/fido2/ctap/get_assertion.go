package ctap

import (
	"bytes"
	"context"
)

// AssertionRequest says what a token signs.
type AssertionRequest struct {
	RPID           string
	ClientDataHash []byte // 32 bytes
	// Credential is the credential id.
	Credential []byte
	// PIN verifies the user; nil for none.
	PIN []byte
	// Silent asks without a touch, which tells whether the token has the
	// credential: the signature is worth nothing.
	Silent bool
	// Salt, of 32 bytes, asks for the credential's secret under it instead; nil
	// for a signature alone.
	Salt []byte
	// Touched is called when the token waits for a touch; it may be nil.
	Touched func()
}

// Assertion is what a token signed.
type Assertion struct {
	AuthData  *AuthData
	Signature []byte
	// Secret is the output of hmac-secret, 32 bytes, if a salt was given. A token
	// of CTAP 2.1 keeps two for each salt, with user verification and without.
	Secret []byte
}

type descriptor struct {
	ID   []byte `cbor:"id"`
	Type string `cbor:"type"`
}

type getAssertionRequest struct {
	RPID           string          `cbor:"1,keyasint"`
	ClientDataHash []byte          `cbor:"2,keyasint"`
	Allow          []descriptor    `cbor:"3,keyasint"`
	Extensions     map[string]any  `cbor:"4,keyasint,omitempty"`
	Options        map[string]bool `cbor:"5,keyasint,omitempty"`
	Param          []byte          `cbor:"6,keyasint,omitempty"`
	Protocol       int             `cbor:"7,keyasint,omitempty"`
}

type getAssertionAnswer struct {
	Credential *descriptor `cbor:"1,keyasint"`
	AuthData   []byte      `cbor:"2,keyasint"`
	Signature  []byte      `cbor:"3,keyasint"`
}

// hmacSecretInput is that of CTAP 2.1, section 12.5.
type hmacSecretInput struct {
	KeyAgreement coseKey `cbor:"1,keyasint"`
	Salt         []byte  `cbor:"2,keyasint"`
	Param        []byte  `cbor:"3,keyasint"`
	Protocol     int     `cbor:"4,keyasint,omitempty"`
}

// Assert makes the token sign, for which it wants a touch (CTAP 2.1, section 6.2).
func (c *Client) Assert(ctx context.Context, q AssertionRequest) (*Assertion, error) {
	info, err := c.Info(ctx)
	if err != nil {
		return nil, err
	}
	r := getAssertionRequest{
		RPID: q.RPID, ClientDataHash: q.ClientDataHash,
		Allow: []descriptor{{q.Credential, publicKeyType}},
	}
	if q.Silent {
		r.Options = map[string]bool{"up": false}
	}
	if q.PIN != nil {
		token, err := c.pinToken(ctx, info, q.PIN, permitGetAssertion, q.RPID)
		if err != nil {
			return nil, err
		}
		defer token.wipe()
		r.Param, r.Protocol = token.authenticate(q.ClientDataHash), token.protocol
	}
	var secret *sharedSecret
	if q.Salt != nil {
		if secret, err = c.secret(ctx, info); err != nil {
			return nil, err
		}
		defer secret.wipe()
		if r.Extensions, err = hmacSecret(secret, q.Salt); err != nil {
			return nil, err
		}
	}
	var a getAssertionAnswer
	if err := c.call(ctx, cmdGetAssertion, r, &a, q.Touched); err != nil {
		return nil, err
	}
	return newAssertion(q, a, secret)
}

func hmacSecret(s *sharedSecret, salt []byte) (map[string]any, error) {
	sealed, err := s.encrypt(salt)
	if err != nil {
		return nil, err
	}
	in := hmacSecretInput{KeyAgreement: s.agreement, Salt: sealed, Param: s.authenticate(sealed)}
	if s.protocol != 1 {
		in.Protocol = s.protocol // tokens of CTAP 2.0 do not know the member
	}
	return map[string]any{"hmac-secret": in}, nil
}

// newAssertion holds the answer against what was asked for, and decrypts the
// secret if there is one.
func newAssertion(q AssertionRequest, a getAssertionAnswer, s *sharedSecret) (*Assertion, error) {
	out, err := acceptAssertion(q, a)
	if err != nil || s == nil {
		return out, err
	}
	sealed, ok := out.AuthData.extensions.HMACSecret.([]byte)
	if !ok {
		return nil, malformed("no hmac-secret in the assertion")
	}
	secret, err := s.decrypt(sealed)
	if err != nil {
		return nil, err
	}
	return out.withSecret(secret)
}

// acceptAssertion is newAssertion without the secret.
func acceptAssertion(q AssertionRequest, a getAssertionAnswer) (*Assertion, error) {
	data, err := parseAuthData(a.AuthData)
	if err != nil {
		return nil, err
	}
	if err := data.check(q.RPID, !q.Silent, q.PIN != nil); err != nil {
		return nil, err
	}
	switch {
	case data.Public != nil:
		return nil, malformed("an assertion with a key in it")
	case a.Credential != nil && !bytes.Equal(a.Credential.ID, q.Credential):
		return nil, malformed("an assertion by another credential")
	case len(a.Signature) == 0:
		return nil, malformed("an assertion without a signature")
	}
	return &Assertion{AuthData: data, Signature: a.Signature}, nil
}

// withSecret adds a secret, of the size that one salt gives.
func (a *Assertion) withSecret(secret []byte) (*Assertion, error) {
	if len(secret) != 32 {
		clear(secret)
		return nil, malformed("an hmac-secret of the wrong size")
	}
	a.Secret = secret
	return a, nil
}
