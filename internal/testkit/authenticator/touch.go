package authenticator

import (
	"context"
	"sync"
	"testing"
	"time"
)

// A Touch is what the user does when the device waits for a touch. The zero
// value touches at once.
type Touch struct {
	after time.Duration
	kind  touchKind
}

type touchKind int

const (
	touches touchKind = iota
	refuses
	stays
)

// TouchAfter touches the device after d.
func TouchAfter(d time.Duration) Touch { return Touch{after: d} }

// TouchRefused refuses at once: the answer is OperationDenied.
func TouchRefused() Touch { return Touch{kind: refuses} }

// TouchNever does nothing. The device waits for Device.Touch, for the client's
// cancellation or for its time-out, whichever is first.
func TouchNever() Touch { return Touch{kind: stays} }

// A user sits before the device.
type user struct {
	mu      sync.Mutex
	touch   Touch
	waiting int           // how many commands wait for a touch: 0 or 1
	changed chan struct{} // closed and replaced when waiting changes
	hand    chan struct{} // a touch by Device.Touch
}

func newUser(t Touch) *user {
	return &user{touch: t, changed: make(chan struct{}), hand: make(chan struct{})}
}

// SetTouch changes what the user does from the next touch on.
func (d *Device) SetTouch(t Touch) {
	u := d.token.user
	u.mu.Lock()
	defer u.mu.Unlock()
	u.touch = t
}

// AwaitTouch returns when the device waits for a touch. It fails the test when
// it does not within ten seconds.
func (d *Device) AwaitTouch(t testing.TB) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		waiting, changed := d.token.user.isWaiting()
		if waiting {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatal("authenticator: no client asked for a touch")
		}
	}
}

// Touch touches the device by hand. It reports whether the device was waiting.
func (d *Device) Touch() bool {
	if waiting, _ := d.token.user.isWaiting(); !waiting {
		return false
	}
	select {
	case d.token.user.hand <- struct{}{}:
		return true
	case <-time.After(time.Second):
		return false
	}
}

func (u *user) isWaiting() (bool, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.waiting > 0, u.changed
}

// blink notes that the device blinks, or by -1 that it stops, and returns what
// the user is going to do.
func (u *user) blink(by int) Touch {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting += by
	close(u.changed)
	u.changed = make(chan struct{})
	return u.touch
}

// presence waits for a touch: nil, OperationDenied, UserActionTimeout, or
// KeepaliveCancel when the client gave up. The token's lock is free meanwhile.
func (k *token) presence(c call) error {
	k.mu.Unlock()
	defer k.mu.Lock()
	c.report(needsTouch)
	defer c.report(processing)
	t := k.user.blink(+1)
	defer k.user.blink(-1)
	return k.user.wait(c.ctx, t, k.touchTimeout)
}

// wait waits for what happens first. The user's own touch and the time-out are
// compared here, not raced, so that a busy machine decides nothing.
func (u *user) wait(ctx context.Context, t Touch, limit time.Duration) error {
	if t.kind == refuses {
		return OperationDenied
	}
	after, outcome := limit, error(UserActionTimeout)
	if t.kind == touches && t.after < limit {
		after, outcome = t.after, nil
	}
	select {
	case <-time.After(after):
		return outcome
	case <-u.hand:
		return nil
	case <-ctx.Done():
		return KeepaliveCancel
	}
}
