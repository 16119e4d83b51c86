package ctap

import (
	"bytes"
	"context"
	"crypto/sha256"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
)

// The subcommands of authenticatorClientPIN (CTAP 2.1, section 6.5.5).
const (
	pinGetRetries             = 0x01
	pinGetKeyAgreement        = 0x02
	pinSet                    = 0x03
	pinChange                 = 0x04
	pinGetToken               = 0x05
	pinGetTokenWithPermission = 0x09
)

// The permissions of a PIN token.
const (
	permitMakeCredential       = 0x01
	permitGetAssertion         = 0x02
	permitCredentialManagement = 0x04
)

// maxPINBytes is the longest PIN, in bytes of UTF-8 (CTAP 2.1, section 6.5.5.5).
const maxPINBytes = 63

type pinRequest struct {
	Protocol     int      `cbor:"1,keyasint,omitempty"`
	Subcommand   int      `cbor:"2,keyasint"`
	KeyAgreement *coseKey `cbor:"3,keyasint,omitempty"`
	Param        []byte   `cbor:"4,keyasint,omitempty"`
	NewPIN       []byte   `cbor:"5,keyasint,omitempty"`
	PINHash      []byte   `cbor:"6,keyasint,omitempty"`
	Permissions  int      `cbor:"9,keyasint,omitempty"`
	RPID         string   `cbor:"10,keyasint,omitempty"`
}

type pinAnswer struct {
	KeyAgreement *coseKey `cbor:"1,keyasint"`
	Token        []byte   `cbor:"2,keyasint"`
	Retries      *int     `cbor:"3,keyasint"`
	PowerCycle   bool     `cbor:"4,keyasint"`
}

// Retries is how often a PIN may still be given.
type Retries struct {
	// Left is the number of tries before the PIN locks for good.
	Left int
	// PowerCycle says that none is taken before the token was unplugged.
	PowerCycle bool
}

// PINRetries asks how often a PIN may still be given.
func (c *Client) PINRetries(ctx context.Context) (Retries, error) {
	var a pinAnswer
	if err := c.call(ctx, cmdClientPIN, pinRequest{Protocol: 1, Subcommand: pinGetRetries}, &a, nil); err != nil {
		return Retries{}, err
	}
	if a.Retries == nil || *a.Retries < 0 {
		return Retries{}, malformed("no number of PIN tries")
	}
	return Retries{Left: *a.Retries, PowerCycle: a.PowerCycle}, nil
}

// secret agrees on a shared secret.
func (c *Client) secret(ctx context.Context, info *Info) (*sharedSecret, error) {
	protocol, err := info.bestProtocol()
	if err != nil {
		return nil, err
	}
	var a pinAnswer
	if err := c.call(ctx, cmdClientPIN, pinRequest{Protocol: protocol, Subcommand: pinGetKeyAgreement}, &a, nil); err != nil {
		return nil, err
	}
	if a.KeyAgreement == nil {
		return nil, malformed("no key agreement")
	}
	return agree(protocol, *a.KeyAgreement)
}

// SetPIN sets the first PIN of a token (CTAP 2.1, section 6.5.5.5).
func (c *Client) SetPIN(ctx context.Context, pin []byte) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	s, err := c.secret(ctx, info)
	if err != nil {
		return err
	}
	defer s.wipe()
	sealed, err := sealPIN(s, info, pin)
	if err != nil {
		return err
	}
	return c.call(ctx, cmdClientPIN, pinRequest{
		Protocol: s.protocol, Subcommand: pinSet, KeyAgreement: &s.agreement,
		NewPIN: sealed, Param: s.authenticate(sealed),
	}, nil, nil)
}

// ChangePIN replaces the PIN (CTAP 2.1, section 6.5.5.6). A wrong old one costs a
// try.
func (c *Client) ChangePIN(ctx context.Context, old, pin []byte) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	s, err := c.secret(ctx, info)
	if err != nil {
		return err
	}
	defer s.wipe()
	sealed, err := sealPIN(s, info, pin)
	if err != nil {
		return err
	}
	hash, err := sealPINHash(s, old)
	if err != nil {
		return err
	}
	return c.call(ctx, cmdClientPIN, pinRequest{
		Protocol: s.protocol, Subcommand: pinChange, KeyAgreement: &s.agreement,
		NewPIN: sealed, PINHash: hash, Param: s.authenticate(sealed, hash),
	}, nil, nil)
}

// CheckPIN refuses a new PIN that no token takes, or that is shorter than this one
// wants, as fault.PINInvalid (CTAP 2.1, section 6.5.1).
func (i *Info) CheckPIN(pin []byte) error {
	switch n := utf8.RuneCount(pin); {
	case !utf8.Valid(pin):
		return fault.New(fault.PINInvalid, "the new PIN is not UTF-8 text")
	case bytes.IndexByte(pin, 0) >= 0:
		return fault.New(fault.PINInvalid, "the new PIN has a zero byte, which no token's PIN has")
	case n < i.MinPINLength:
		return fault.New(fault.PINInvalid, "the new PIN is too short: the token wants %d characters", i.MinPINLength).
			WithHint("choose a longer PIN")
	case len(pin) > maxPINBytes:
		return fault.New(fault.PINInvalid, "the new PIN is over %d bytes", maxPINBytes).WithHint("choose a shorter PIN")
	}
	return nil
}

// sealPIN encrypts a new PIN, padded to 64 bytes.
func sealPIN(s *sharedSecret, info *Info, pin []byte) ([]byte, error) {
	const padded = 64
	if err := info.CheckPIN(pin); err != nil {
		return nil, err
	}
	plain := make([]byte, padded)
	defer clear(plain)
	copy(plain, pin)
	return s.encrypt(plain)
}

// sealPINHash encrypts LEFT(SHA-256(pin), 16).
func sealPINHash(s *sharedSecret, pin []byte) ([]byte, error) {
	sum := sha256.Sum256(pin)
	defer clear(sum[:])
	return s.encrypt(sum[:16])
}

// pinToken is the right to one command.
type pinToken struct {
	protocol int
	token    []byte
}

// pinToken gets it for the PIN (CTAP 2.1, sections 6.5.5.7.1 and 6.5.5.7.2). A
// wrong PIN costs a try.
func (c *Client) pinToken(ctx context.Context, info *Info, pin []byte, permission int, rpID string) (*pinToken, error) {
	s, err := c.secret(ctx, info)
	if err != nil {
		return nil, err
	}
	defer s.wipe()
	hash, err := sealPINHash(s, pin)
	if err != nil {
		return nil, err
	}
	r := pinRequest{Protocol: s.protocol, Subcommand: pinGetToken, KeyAgreement: &s.agreement, PINHash: hash}
	if info.permissions() {
		r.Subcommand, r.Permissions, r.RPID = pinGetTokenWithPermission, permission, rpID
	}
	var a pinAnswer
	if err := c.call(ctx, cmdClientPIN, r, &a, nil); err != nil {
		return nil, err
	}
	token, err := s.decrypt(a.Token)
	if err != nil {
		return nil, err
	}
	if len(token) != 32 && (s.protocol != 1 || len(token) != 16) {
		clear(token)
		return nil, malformed("a PIN token of the wrong size")
	}
	return &pinToken{s.protocol, token}, nil
}

func (t *pinToken) wipe() { clear(t.token) }

// authenticate proves the right to what the parts say.
func (t *pinToken) authenticate(parts ...[]byte) []byte {
	return authenticate(t.protocol, t.token, parts...)
}
