//go:build libfido2 && cgo && linux

package libfido2_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
	"github.com/stellaops/stella/pkg/keys/fido2/hid"
	"github.com/stellaops/stella/pkg/keys/fido2/libfido2"
)

// soon bounds what must not wait for a touch that nobody will give: the touch's own
// limit is longer.
const soon = 10 * time.Second

// TestBusy: another program holds the token. libfido2 calls that an internal error.
func TestBusy(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, _ := driver(token, pin)
	g := made(t, d, keys.ECDSAP256, "?mode=assertion")
	device := opened(t, token)

	other, err := hid.Open(t.Context(), token.Path(), soon)
	require.NoError(t, err)
	_, err = backends()["libfido2"].Open(t.Context(), token.Path())
	assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(err), "%v", err)
	for name, do := range map[string]func() error{
		"info":    func() error { _, err := device.Info(t.Context()); return err },
		"tries":   func() error { _, err := device.PINRetries(t.Context()); return err },
		"PIN":     func() error { return device.ChangePIN(t.Context(), []byte(pin), []byte("another one")) },
		"assert":  func() error { _, err := device.Assert(t.Context(), assertion([]byte{1}, nil)); return err },
		"enrol":   func() error { _, err := device.MakeCredential(t.Context(), enrolment(nil)); return err },
		"list":    func() error { _, err := device.Residents(t.Context(), []byte(pin)); return err },
		"select":  func() error { return device.Select(t.Context(), nil) },
		"signing": func() error { _, err := signed(t.Context(), d, g.Ref); return err },
	} {
		err := do()
		assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(err), "%s, when another took the token in between: %v", name, err)
		assert.Contains(t, fault.HintOf(err), "again", name)
	}
	assert.Equal(t, 8, token.PINRetries(), "no PIN got there")
	require.NoError(t, other.Close())
	_, err = signed(t.Context(), d, g.Ref)
	require.NoError(t, err)
}

// TestBusyByItsOwnWord: the token itself says that it works for another.
func TestBusyByItsOwnWord(t *testing.T) {
	token := authenticator.Start(t)
	device := opened(t, token)
	token.Inject(authenticator.GetAssertion, authenticator.FaultStatus(authenticator.Status(ctap.StatusChannelBusy)))
	_, err := device.Assert(t.Context(), assertion([]byte{1}, nil))
	require.ErrorIs(t, err, ctap.StatusChannelBusy)

	d, _ := driver(token, "")
	g := made(t, d, keys.ECDSAP256, "?mode=assertion&uv=discouraged")
	token.Inject(authenticator.GetAssertion, authenticator.FaultStatus(authenticator.Status(ctap.StatusChannelBusy)))
	_, err = signed(t.Context(), d, g.Ref)
	assert.Equal(t, fault.DeviceBusy, fault.ReasonOf(err), "%v", err)
}

func signed(ctx context.Context, d *fido2.Driver, r keys.Ref) (dsse.Signature, error) {
	signer, err := d.Open(ctx, r)
	if err != nil {
		return dsse.Signature{}, err
	}
	defer func() { _ = keys.Close(signer) }()
	return signer.Sign(ctx, message("{}"))
}

// TestTakenAwayInACommand: the token is pulled out when a command reaches it, and
// again when it is asked for a PIN.
func TestTakenAwayInACommand(t *testing.T) {
	for name, row := range map[string]struct {
		at authenticator.Command
		do func(context.Context, fido2.Device) error
	}{
		"info":  {authenticator.GetInfo, func(ctx context.Context, d fido2.Device) error { _, err := d.Info(ctx); return err }},
		"tries": {authenticator.ClientPIN, func(ctx context.Context, d fido2.Device) error { _, err := d.PINRetries(ctx); return err }},
		"change": {authenticator.ClientPIN, func(ctx context.Context, d fido2.Device) error {
			return d.ChangePIN(ctx, []byte(pin), []byte("another one"))
		}},
		"assert": {authenticator.GetAssertion, func(ctx context.Context, d fido2.Device) error {
			_, err := d.Assert(ctx, assertion([]byte{1}, nil))
			return err
		}},
		"assert with a PIN": {authenticator.ClientPIN, func(ctx context.Context, d fido2.Device) error {
			_, err := d.Assert(ctx, assertion([]byte{1}, []byte(pin)))
			return err
		}},
		"enrol": {authenticator.MakeCredential, func(ctx context.Context, d fido2.Device) error {
			_, err := d.MakeCredential(ctx, enrolment([]byte(pin)))
			return err
		}},
		"list":   {authenticator.ClientPIN, func(ctx context.Context, d fido2.Device) error { _, err := d.Residents(ctx, []byte(pin)); return err }},
		"select": {authenticator.MakeCredential, func(ctx context.Context, d fido2.Device) error { return d.Select(ctx, nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			token := authenticator.Start(t, authenticator.WithPIN(pin))
			device := opened(t, token)
			token.Inject(row.at, authenticator.FaultUnplugged())
			begin := time.Now()
			err := row.do(t.Context(), device)
			assert.Contains(t, []fault.Reason{fault.DeviceFailed, fault.DeviceNotFound}, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), "plug")
			assert.Less(t, time.Since(begin), soon, "nobody waits for a token that is gone")
			token.Replug(t)
			require.NoError(t, usable(t, token))
		})
	}
}

// usable tells whether a token that was plugged in again works, and knows its PIN.
func usable(t *testing.T, token *authenticator.Device) error {
	t.Helper()
	device, err := backends()["libfido2"].Open(t.Context(), token.Path())
	if err != nil {
		return err
	}
	_, err = device.MakeCredential(t.Context(), enrolment([]byte(pin)))
	return err
}

// TestTakenAwayWhileItWaits: the token is pulled out while it blinks for a touch.
func TestTakenAwayWhileItWaits(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, p := driver(token, pin)
	g := made(t, d, keys.ECDSAP256, "?mode=assertion")
	token.SetTouch(authenticator.TouchNever())
	go func() {
		token.AwaitTouch(t)
		token.Unplug()
	}()
	begin := time.Now()
	_, err := signed(t.Context(), d, g.Ref)
	assert.Equal(t, fault.DeviceFailed, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "plug it in again")
	assert.Less(t, time.Since(begin), soon)
	assert.NotContains(t, err.Error(), pin)
	p.mu.Lock()
	asked := p.asked
	p.mu.Unlock()

	_, err = signed(t.Context(), d, g.Ref)
	assert.Equal(t, fault.DeviceNotFound, fault.ReasonOf(err), "%v", err)
	p.mu.Lock()
	assert.Equal(t, asked, p.asked, "nobody is asked for the PIN of a token that is not there")
	p.mu.Unlock()

	token.SetTouch(authenticator.Touch{})
	token.Replug(t)
	again, _ := driver(token, pin)
	_, err = signed(t.Context(), again, g.Ref)
	require.NoError(t, err, "the key is there when the token is back")
}

// TestTouchThatNobodyGives ends with its limit, and the token blinks no more.
func TestTouchThatNobodyGives(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithTouch(authenticator.TouchNever()))
	b := libfido2.Backend{TouchTimeout: time.Second, Places: nowhere()}
	d, _ := driverOver(b, token, "")
	_, err := d.Generate(t.Context(), ref(t, "fido2:"+filepath.Join(t.TempDir(), "k")+"?uv=discouraged"), keys.ECDSAP256)
	assert.Equal(t, fault.DeviceUntouched, fault.ReasonOf(err), "%v", err)
	assert.False(t, token.Touch(), "it waits no more")
	assert.Empty(t, token.Credentials())
}
