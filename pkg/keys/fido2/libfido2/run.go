//go:build libfido2 && cgo && linux

package libfido2

import (
	"context"
	"time"

	"github.com/keys-pub/go-libfido2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
)

// result is what a command gave.
type result[T any] struct {
	value T
	err   error
}

// run has work call the library and waits for it, until ctx ends or limit is
// over: then the token is told to stop. A library that does not come back is left
// behind in a thread of its own, which the limit of its exchanges ends.
//
// libfido2 waits without an end for a token that another program uses, so that is
// looked at before.
func run[T any](ctx context.Context, d *device, limit time.Duration, work func(*libfido2.Device, command) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if err := hid.Check(d.path); err != nil {
		return none, err
	}
	token, err := libfido2.NewDevice(d.path)
	if err != nil {
		return none, failure(err, d.path)
	}
	c, err := newCommand(limit + settle)
	if err != nil {
		return none, err
	}
	done := make(chan result[T], 1)
	go func() {
		var r result[T]
		r.err = c.do(func() (err error) { r.value, err = work(token, c); return err })
		done <- r
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		c.free()
		return r.value, failure(r.err, d.path)
	case <-ctx.Done():
		stop(c, done)
		return none, ctx.Err()
	case <-timer.C:
		return none, late(stop(c, done), limit)
	}
}

// stop cancels a command until it ends, and reports whether it did. Once is not
// enough: a token forgets a cancellation that comes between two of a command's
// messages. The result is of no use any more.
func stop[T any](c command, done <-chan result[T]) bool {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	end := time.NewTimer(settle)
	defer end.Stop()
	for {
		c.cancel()
		select {
		case <-done:
			c.free()
			return true
		case <-end.C:
			go func() {
				<-done
				c.free()
			}()
			return false
		case <-again.C:
		}
	}
}

// late is the error of a command that took too long: one that was waiting for a
// touch ends when it is told to.
func late(ended bool, limit time.Duration) error {
	if ended && limit != answerTimeout {
		return fault.New(fault.DeviceUntouched, "the token was not touched within %s", limit).
			WithHint("run the command again and touch the token when it blinks")
	}
	return fault.New(fault.DeviceFailed, "the token does not answer").
		WithHint("unplug the token and plug it in again; check that the device is a FIDO2 token")
}
