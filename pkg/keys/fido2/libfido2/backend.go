//go:build libfido2 && cgo && linux

package libfido2

import (
	"context"
	"time"

	"github.com/keys-pub/go-libfido2"

	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// Backend reaches tokens through libfido2. It is safe for concurrent use.
type Backend struct {
	// Places are where the devices are; the zero value is the system's own.
	Places hid.Places
	// TouchTimeout is how long a token may wait for a touch; 0 is 30 seconds.
	TouchTimeout time.Duration
}

var _ fido2.Backend = Backend{}

const (
	defaultTouchTimeout = 30 * time.Second
	// answerTimeout is how long a command may take that waits for nobody.
	answerTimeout = 5 * time.Second
	// settle is how long a cancelled command is given to end.
	settle = time.Second
)

// Tokens implements fido2.Backend. It asks the kernel, as the backend in pure Go
// does, and so without udev.
func (b Backend) Tokens() []fido2.Token {
	var out []fido2.Token
	for _, f := range b.Places.Enumerate() {
		out = append(out, fido2.Token(f))
	}
	return out
}

// Open implements fido2.Backend.
func (b Backend) Open(ctx context.Context, path string) (fido2.Device, error) {
	d := &device{path: path, touchTimeout: b.TouchTimeout}
	if d.touchTimeout == 0 {
		d.touchTimeout = defaultTouchTimeout
	}
	_, err := run(ctx, d, answerTimeout, func(l *libfido2.Device, _ command) (bool, error) {
		is, err := l.IsFIDO2()
		if err == nil && !is {
			err = libfido2.ErrNotFIDO2
		}
		return is, err
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}
