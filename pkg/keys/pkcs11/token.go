//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"
)

// token is a token in use.
type token struct {
	tokenInfo
	module *module
	// anchor keeps the module initialized. It signs nothing.
	anchor *crypto11.Context
	// session holds the login, and looks for keys. It is used under gate.
	session pkcs11.SessionHandle
	gate    chan nothing

	uses atomic.Int64 // signers, sessions and running calls
	lost atomic.Bool  // it went away: the next one who wants it begins anew
}

// connect opens crypto11's own sessions to the token: one to hold the
// connection and one to work in.
//
// It is told that there is no login, because the login is made beside it: so
// crypto11 keeps no PIN in its configuration.
func (t *token) connect() (*crypto11.Context, error) {
	slot := int(t.slot)
	c, err := crypto11.Configure(&crypto11.Config{
		Path: t.module.path, SlotNumber: &slot, LoginNotSupported: true, MaxSessions: 2,
	})
	if err != nil {
		return nil, failed(t.tokenInfo, "opening a session", err)
	}
	return c, nil
}

// maxSigning is how many signatures one signer makes at once.
const maxSigning = 16

// room returns how many sessions a signer may have when each takes size of the
// token's own. Two are taken: the anchor's and the one of the login.
func (t *token) room(size int) int {
	if t.sessions == 0 {
		return maxSigning
	}
	return max(1, min(maxSigning, (t.sessions-2)/size))
}

// call runs f, which calls the module on the token's own session, alone. If ctx
// ends it returns at once; the token then stays in use until f has returned and
// late has taken back what it made.
func call[T any](ctx context.Context, t *token, doing string, f func() (T, error), late func(T)) (T, error) {
	if err := t.enter(ctx); err != nil {
		var none T
		return none, err
	}
	return finish(ctx, t, doing, f, late)
}

// enter waits until no other goroutine uses the token's own session.
func (t *token) enter(ctx context.Context) error {
	select {
	case t.gate <- nothing{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *token) leave() { <-t.gate }

// finish is call for one who has entered, and leaves when f has returned.
func finish[T any](ctx context.Context, t *token, doing string, f func() (T, error), late func(T)) (T, error) {
	value, err := stay(ctx, t, doing, f, late)
	if err == nil {
		t.leave()
	}
	return value, err
}

// stay is finish for one who has more to do: it leaves only if it fails.
func stay[T any](ctx context.Context, t *token, doing string, f func() (T, error), late func(T)) (T, error) {
	t.uses.Add(1)
	value, err := await(ctx, func() (T, error) {
		value, err := f()
		if err != nil {
			t.leave()
			t.release()
		}
		return value, err
	}, func(value T) {
		t.leave()
		late(value)
		t.release()
	})
	if err != nil {
		return value, t.failed(doing, err)
	}
	t.release()
	return value, nil
}

// failed is an error of the module as a fault. It remembers that the token went away.
func (t *token) failed(doing string, err error) error {
	if isGone(err) {
		t.lost.Store(true)
	}
	return failed(t.tokenInfo, doing, err)
}

// release ends one use. The last one ends the token's sessions, and so the login
// (PKCS #11 2.40, section 5.6, C_CloseSession), and with the module's last token
// the module. What it returns is closed when that is done.
func (t *token) release() <-chan nothing {
	done := make(chan nothing)
	if t.uses.Add(-1) > 0 {
		close(done)
		return done
	}
	go func() { // a module may hang here too
		defer close(done)
		t.end()
	}()
	return done
}

func (t *token) end() {
	m := t.module
	m.mu.Lock()
	defer m.mu.Unlock()
	if t.uses.Load() > 0 || t.anchor == nil { // somebody acquired it again, or ended it
		return
	}
	if m.tokens[t.slot] == t {
		delete(m.tokens, t.slot)
	}
	_ = m.p11.CloseSession(t.session)
	_ = t.anchor.Close()
	t.anchor = nil
}

// closeTimeout is how long a program waits for a token that is slow to close.
const closeTimeout = 5 * time.Second

// settle waits until what release returned is closed.
func settle(ctx context.Context, done <-chan nothing) {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
