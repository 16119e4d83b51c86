//go:build pkcs11 && cgo && !windows

package pkcs11

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/pkcs11"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// fake is a token whose sessions do what a test wants, for what no real one does
// on demand.
type fake struct {
	sign func(number int) ([]byte, error) // called with the session's number

	opened, closed atomic.Int64
	busy           sync.Map // sessions that are in a call
	shared         atomic.Bool
}

type fakeSession struct {
	*fake
	number int
}

func (f *fake) open() (session, error) {
	return &fakeSession{f, int(f.opened.Add(1))}, nil
}

func (s *fakeSession) sign(input []byte) ([]byte, error) {
	if _, inUse := s.busy.LoadOrStore(s.number, true); inUse {
		s.shared.Store(true)
	}
	defer s.busy.Delete(s.number)
	return s.fake.sign(s.number)
}

func (s *fakeSession) close() { s.closed.Add(1) }

func works(int) ([]byte, error) { return []byte("signature"), nil }

func TestSessionsReuse(t *testing.T) {
	f := &fake{sign: works}
	p := newSessions(4, f.open)
	for range 10 {
		signature, err := p.sign(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, "signature", string(signature))
	}
	assert.EqualValues(t, 1, f.opened.Load())
	p.close()
	assert.EqualValues(t, 1, f.closed.Load())
	_, err := p.sign(t.Context(), nil)
	assert.ErrorIs(t, err, errClosed)
}

// TestSessionsConcurrent has more goroutines than sessions, and no session in
// two of them.
func TestSessionsConcurrent(t *testing.T) {
	f := &fake{sign: func(int) ([]byte, error) { time.Sleep(time.Millisecond); return nil, nil }}
	p := newSessions(3, f.open)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := p.sign(t.Context(), nil)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, f.opened.Load(), int64(3))
	assert.False(t, f.shared.Load())
}

// TestSessionsHang cancels a signature whose call hangs.
func TestSessionsHang(t *testing.T) {
	release := make(chan nothing)
	f := &fake{}
	f.sign = func(number int) ([]byte, error) {
		if number == 1 {
			<-release
		}
		return fmt.Append(nil, number), nil
	}
	p := newSessions(1, f.open)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := p.sign(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = p.sign(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded, "the one session is still in its call")
	assert.Zero(t, f.closed.Load())

	close(release)
	signature, err := p.sign(t.Context(), nil)
	require.NoError(t, err)
	assert.Equal(t, "2", string(signature), "the session that hung is not used again")
	assert.EqualValues(t, 1, f.closed.Load())
}

// TestSessionsHangAndFail has the call fail after its caller went away.
func TestSessionsHangAndFail(t *testing.T) {
	release := make(chan nothing)
	f := &fake{sign: func(number int) ([]byte, error) {
		if number == 1 {
			<-release
			return nil, pkcs11.Error(pkcs11.CKR_DEVICE_ERROR)
		}
		return works(number)
	}}
	p := newSessions(1, f.open)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := p.sign(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(release)
	_, err = p.sign(t.Context(), nil)
	require.NoError(t, err)
	assert.EqualValues(t, 1, f.closed.Load())
}

// fakeSigner is a signer over a fake, with the key of nobody.
func fakeSigner(f *fake) *signer {
	t := &token{tokenInfo: tokenInfo{label: "card"}}
	t.uses.Add(2)
	h := &handle{key: &key{public: make(ed25519.PublicKey, 32)}, token: t, sessions: newSessions(2, f.open)}
	inner, err := dsse.NewSigner(h)
	if err != nil {
		panic(err)
	}
	return &signer{Signer: inner, handle: h}
}

// TestTakenAway takes the token away in the middle of a signature.
func TestTakenAway(t *testing.T) {
	for _, row := range []struct {
		code pkcs11.Error
		want fault.Reason
		lost bool
	}{
		{pkcs11.CKR_DEVICE_REMOVED, fault.DeviceFailed, true},
		{pkcs11.CKR_TOKEN_NOT_PRESENT, fault.DeviceFailed, true},
		{pkcs11.CKR_SESSION_HANDLE_INVALID, fault.DeviceFailed, true},
		{pkcs11.CKR_SESSION_CLOSED, fault.DeviceFailed, true},
		{pkcs11.CKR_USER_NOT_LOGGED_IN, fault.DeviceFailed, true},
		{pkcs11.CKR_KEY_HANDLE_INVALID, fault.DeviceFailed, true},
		{pkcs11.CKR_DEVICE_ERROR, fault.DeviceFailed, false},
		{pkcs11.CKR_GENERAL_ERROR, fault.DeviceFailed, false},
		{0x80001234, fault.DeviceFailed, false}, // a vendor's own
		{pkcs11.CKR_SESSION_COUNT, fault.DeviceBusy, false},
		{pkcs11.CKR_MECHANISM_INVALID, fault.KeyUnsupported, false},
		{pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED, fault.KeyUnsupported, false},
	} {
		t.Run(says(row.code), func(t *testing.T) {
			f := &fake{sign: works}
			s := fakeSigner(f)
			m := dsse.NewMessage("text/plain", dsse.Bytes("x"))
			_, err := s.Sign(t.Context(), m)
			require.NoError(t, err)
			f.sign = func(int) ([]byte, error) { return nil, row.code }
			_, err = s.Sign(t.Context(), m)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, `"card"`)
			assert.NotEmpty(t, err.Error())
			assert.EqualValues(t, 1, f.closed.Load(), "the session is discarded")
			assert.Equal(t, row.lost, s.handle.token.lost.Load())

			f.sign = works
			_, err = s.Sign(t.Context(), m)
			require.NoError(t, err)
			assert.EqualValues(t, 2, f.opened.Load(), "and another one opened")
		})
	}
}

func TestSays(t *testing.T) {
	assert.Equal(t, "CKR_DEVICE_REMOVED", says(fmt.Errorf("while: %w", pkcs11.Error(pkcs11.CKR_DEVICE_REMOVED))))
	assert.Equal(t, "CKR 0x80001234", says(pkcs11.Error(0x80001234)))
	assert.Equal(t, "something", says(fmt.Errorf("something")))
}
