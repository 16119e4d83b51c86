package fido2

import (
	"context"

	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

// Backend reaches tokens. The driver knows no other way to them, so that
// libfido2 can stand in for the CTAP client of this module.
type Backend interface {
	// Tokens lists the tokens that are plugged in, without opening any.
	Tokens() []Token
	// Open opens the token with a device file for one run of commands. While it is
	// open, nobody else uses it.
	Open(ctx context.Context, path string) (Device, error)
}

// Token is a token that is plugged in.
type Token struct {
	Path string // its device file
	Name string // whatever the device says
}

// Device is an open token. It has a method for each command that the driver
// sends. A status of the token other than success is a ctap.Status; a command
// that waits for a touch calls the Touched of its request once, and honours ctx.
// A device serves one caller at a time. Requests hold the PIN where one is needed;
// it stays the caller's.
type Device interface {
	Info(ctx context.Context) (*ctap.Info, error)
	MakeCredential(ctx context.Context, n ctap.NewCredential) (*ctap.Credential, error)
	Assert(ctx context.Context, q ctap.AssertionRequest) (*ctap.Assertion, error)
	PINRetries(ctx context.Context) (ctap.Retries, error)
	SetPIN(ctx context.Context, pin []byte) error
	ChangePIN(ctx context.Context, old, pin []byte) error
	// Select returns when the token is touched.
	Select(ctx context.Context, touched func()) error
	// Residents lists the credentials that are stored on the token.
	Residents(ctx context.Context, pin []byte) ([]ctap.Resident, error)
	Close() error
}
