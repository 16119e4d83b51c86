package fido2

import (
	"context"
	"time"

	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// USB is the backend in pure Go: CTAP2 over the kernel's HID devices.
type USB struct {
	// Places are where the devices are; the zero value is the system's own.
	Places hid.Places
	// TouchTimeout is how long a token may wait for a touch; 0 is 30 seconds,
	// which is the most that a token gives its user.
	TouchTimeout time.Duration
}

var _ Backend = USB{}

const defaultTouchTimeout = 30 * time.Second

// Tokens implements Backend.
func (u USB) Tokens() []Token {
	var out []Token
	for _, f := range u.Places.Enumerate() {
		out = append(out, Token(f))
	}
	return out
}

// Open implements Backend.
func (u USB) Open(ctx context.Context, path string) (Device, error) {
	limit := u.TouchTimeout
	if limit == 0 {
		limit = defaultTouchTimeout
	}
	channel, err := hid.Open(ctx, path, limit)
	if err != nil {
		return nil, err
	}
	return &usbDevice{ctap.NewClient(channel), channel}, nil
}

type usbDevice struct {
	*ctap.Client
	channel *hid.Channel
}

var _ Device = (*usbDevice)(nil)

// Close ends the channel.
func (d *usbDevice) Close() error { return d.channel.Close() }
