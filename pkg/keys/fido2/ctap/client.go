package ctap

import (
	"context"
	"slices"
)

// Transport carries one CTAP2 message to a token and brings the answer. touched
// is called once when the token waits for a touch; it may be nil.
type Transport interface {
	Transact(ctx context.Context, message []byte, touched func()) ([]byte, error)
}

// The commands (CTAP 2.1, section 6).
const (
	cmdMakeCredential       = 0x01
	cmdGetAssertion         = 0x02
	cmdGetInfo              = 0x04
	cmdClientPIN            = 0x06
	cmdCredentialManagement = 0x0a
	cmdSelection            = 0x0b
)

// Client speaks to one token. It is as safe for concurrent use as its transport;
// a PIN goes through several messages, so one caller at a time is wise.
type Client struct{ transport Transport }

// NewClient returns a Client over t.
func NewClient(t Transport) *Client { return &Client{t} }

// call sends a command with its parameters, nil for none, and decodes the answer
// into out, nil for none.
func (c *Client) call(ctx context.Context, command byte, params, out any, touched func()) error {
	message := []byte{command}
	if params != nil {
		body, err := encode(params)
		if err != nil {
			return err
		}
		message = append(message, body...)
	}
	answer, err := c.transport.Transact(ctx, message, touched)
	switch {
	case err != nil:
		return err
	case len(answer) == 0:
		return malformed("no status")
	case Status(answer[0]) != StatusOK:
		return Status(answer[0])
	case out == nil && len(answer) > 1:
		return malformed("content where there is none")
	case out == nil:
		return nil
	}
	return decode(answer[1:], out)
}

// Info is what a token says about itself (CTAP 2.1, section 6.4).
type Info struct {
	Versions     []string
	Extensions   []string
	AAGUID       [16]byte // its model
	Options      map[string]bool
	PINProtocols []int
	// Algorithms are COSE identifiers; empty if the token does not say.
	Algorithms []int
	// MinPINLength is in Unicode code points.
	MinPINLength   int
	ForcePINChange bool
}

type infoAnswer struct {
	Versions       []string        `cbor:"1,keyasint"`
	Extensions     []string        `cbor:"2,keyasint"`
	AAGUID         []byte          `cbor:"3,keyasint"`
	Options        map[string]bool `cbor:"4,keyasint"`
	PINProtocols   []int           `cbor:"6,keyasint"`
	Algorithms     []parameter     `cbor:"10,keyasint"`
	ForcePINChange bool            `cbor:"12,keyasint"`
	MinPINLength   int             `cbor:"13,keyasint"`
}

// parameter is a PublicKeyCredentialParameters of WebAuthn.
type parameter struct {
	Algorithm int    `cbor:"alg"`
	Type      string `cbor:"type"`
}

// publicKeyType is the one type of credentials.
const publicKeyType = "public-key"

// DefaultMinPINLength is that of a token that does not say (CTAP 2.1, section 6.4,
// member 0x0D).
const DefaultMinPINLength = 4

// Info asks the token.
func (c *Client) Info(ctx context.Context) (*Info, error) {
	var a infoAnswer
	if err := c.call(ctx, cmdGetInfo, nil, &a, nil); err != nil {
		return nil, err
	}
	if len(a.AAGUID) != 16 || len(a.Versions) == 0 {
		return nil, malformed("information without versions or model")
	}
	info := &Info{
		Versions: a.Versions, Extensions: a.Extensions, AAGUID: [16]byte(a.AAGUID), Options: a.Options,
		PINProtocols: a.PINProtocols, MinPINLength: a.MinPINLength, ForcePINChange: a.ForcePINChange,
	}
	for _, p := range a.Algorithms {
		if p.Type == publicKeyType {
			info.Algorithms = append(info.Algorithms, p.Algorithm)
		}
	}
	if info.MinPINLength == 0 {
		info.MinPINLength = DefaultMinPINLength
	}
	return info, nil
}

// Has reports whether the token has an extension.
func (i *Info) Has(extension string) bool { return slices.Contains(i.Extensions, extension) }

// PINSet reports whether a PIN is set.
func (i *Info) PINSet() bool { return i.Options["clientPin"] }

// AlwaysVerifies reports whether the token wants its user verified for everything.
func (i *Info) AlwaysVerifies() bool { return i.Options["alwaysUv"] }

// EnrolsUnverified reports whether a new credential can be made without the PIN
// that is set. Tokens before CTAP 2.1 cannot.
func (i *Info) EnrolsUnverified() bool {
	return i.Options["makeCredUvNotRqd"] && !i.AlwaysVerifies()
}

// permissions reports whether PIN tokens are asked for with permissions.
func (i *Info) permissions() bool { return i.Options["pinUvAuthToken"] }

// credentialManagement reports whether resident credentials can be listed.
func (i *Info) credentialManagement() bool { return i.Options["credMgmt"] }

// selects reports whether the token has authenticatorSelection.
func (i *Info) selects() bool { return slices.Contains(i.Versions, "FIDO_2_1") }

// Select waits until the token is touched, which tells it from others that are
// plugged in (CTAP 2.1, section 6.9).
func (c *Client) Select(ctx context.Context, touched func()) error {
	info, err := c.Info(ctx)
	if err != nil {
		return err
	}
	if info.selects() {
		return c.call(ctx, cmdSelection, nil, nil, touched)
	}
	return c.selectByPIN(ctx, touched)
}
