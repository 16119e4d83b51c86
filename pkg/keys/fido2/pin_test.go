package fido2_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys"
)

// chooser gives a new PIN and remembers the question.
type chooser struct {
	pin   string
	asked []keys.Prompt
}

func (c *chooser) ask(ctx context.Context, what keys.Prompt) ([]byte, error) {
	c.asked = append(c.asked, what)
	return []byte(c.pin), ctx.Err()
}

func TestSetPIN(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithMinPINLength(6))
	d, p := driver(token, "")
	for name, bad := range map[string]string{
		"too short":           "12345",
		"too short in points": "пять5", // 9 bytes
		"too long":            strings.Repeat("1", 64),
		"not UTF-8":           "12345\xff",
		"zero byte":           "12345\x006",
	} {
		before := len(token.Commands())
		_, err := d.SetPIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: bad}).ask)
		require.Equal(t, fault.PINInvalid, fault.ReasonOf(err), "%s: %v", name, err)
		assert.NotContains(t, err.Error(), bad)
		assert.NotContains(t, token.Commands()[before:], authenticator.ClientPIN, "%s: nothing is sent", name)
	}
	c := &chooser{pin: pin}
	where, err := d.SetPIN(t.Context(), ref(t, "fido2:"), c.ask)
	require.NoError(t, err)
	assert.Equal(t, token.Path(), where)
	assert.Equal(t, []keys.Prompt{{Kind: keys.PIN, Key: token.Path(), New: true, Warning: "the token wants 6 characters or more"}}, c.asked)
	assert.Empty(t, p.asked, "there is no old PIN to ask for")

	_, err = d.SetPIN(t.Context(), ref(t, "fido2:"), c.ask)
	assert.Equal(t, fault.PINSet, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "stella keys pin change 'fido2:?device=")
	assert.Len(t, c.asked, 1, "nobody is asked in vain")
	p.pin = pin
	made(t, d, keys.Ed25519, "")
}

// A PIN is the letters that were typed, not the bytes that a keyboard makes of them
// (CTAP 2.1, section 6.5.1).
func TestPINInNormalForm(t *testing.T) {
	const composed, decomposed = "gr\u00fc\u00dfe", "gru\u0308\u00dfe"
	token := authenticator.Start(t)
	d, p := driver(token, decomposed)
	_, err := d.SetPIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: decomposed}).ask)
	require.NoError(t, err)
	for _, typed := range []string{decomposed, composed} {
		p.pin = typed
		made(t, d, keys.Ed25519, "")
	}
	p.pin = composed
	_, err = d.ChangePIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: decomposed + "2"}).ask)
	require.NoError(t, err)
	p.pin = composed + "2"
	made(t, d, keys.Ed25519, "")
}

func TestChangePIN(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, p := driver(token, "wrong")
	c := &chooser{pin: "another one"}
	change := func() error {
		_, err := d.ChangePIN(t.Context(), ref(t, "fido2:"), c.ask)
		return err
	}
	for _, left := range []string{"7 tries", "6 tries"} {
		err := change()
		require.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
		assert.Contains(t, fault.HintOf(err), left)
		assert.NotContains(t, err.Error(), "another one")
	}
	err := change()
	require.Equal(t, fault.PINReplug, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, fault.ExitTemporary, fault.ReasonOf(err).Exit())
	assert.Contains(t, fault.HintOf(err), "unplug")

	p.pin, p.asked = pin, nil
	require.Equal(t, fault.PINReplug, fault.ReasonOf(change()))
	assert.Empty(t, p.asked, "nobody is asked for a PIN that is not taken")
	token.Replug(t)
	d, p = driver(token, pin)
	require.NoError(t, change())
	assert.Equal(t, 8, token.PINRetries())
	require.Equal(t, fault.PINWrong, fault.ReasonOf(change()), "the old one is no more")
	p.pin = "another one"
	made(t, d, keys.Ed25519, "")
}

// TestChangePINThatFails: each failure says what it is, and what to do.
func TestChangePINThatFails(t *testing.T) {
	set := authenticator.WithPIN(pin)
	for name, row := range map[string]struct {
		options []authenticator.Option
		inject  authenticator.Command
		faults  []authenticator.Fault
		old     string
		want    fault.Reason
		hint    string
		asks    bool
	}{
		"no PIN":    {nil, 0, nil, pin, fault.PINNotSet, "stella keys pin set", false},
		"locked":    {[]authenticator.Option{set, authenticator.WithPINRetries(0)}, 0, nil, pin, fault.PINLocked, "only a reset", false},
		"last try":  {[]authenticator.Option{set, authenticator.WithPINRetries(1)}, 0, nil, "wrong", fault.PINLocked, "only a reset", true},
		"its rule":  {[]authenticator.Option{set}, authenticator.ClientPIN, refusedChange(), pin, fault.PINInvalid, "longer PIN", true},
		"pulled":    {[]authenticator.Option{set}, authenticator.ClientPIN, []authenticator.Fault{authenticator.FaultUnplugged()}, pin, fault.DeviceFailed, "plug", false},
		"busy":      {[]authenticator.Option{set}, authenticator.ClientPIN, []authenticator.Fault{authenticator.FaultHIDError(authenticator.ErrChannelBusy)}, pin, fault.DeviceBusy, "again", false},
		"a U2F key": {nil, authenticator.GetInfo, without("clientPin"), pin, fault.DeviceFailed, "a token that does", false},
	} {
		t.Run(name, func(t *testing.T) {
			token := authenticator.Start(t, row.options...)
			for _, f := range row.faults {
				token.Inject(row.inject, f)
			}
			d, p := driver(token, row.old)
			_, err := d.ChangePIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: "another one"}).ask)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.hint)
			assert.Equal(t, row.asks, len(p.asked) > 0, "%v", p.asked)
		})
	}
}

// refusedChange refuses the third message about PINs: the tries and the key
// agreement come before the change.
func refusedChange() []authenticator.Fault {
	usual := authenticator.FaultEdited(func(answer []byte) []byte { return answer })
	return []authenticator.Fault{usual, usual, authenticator.FaultStatus(authenticator.PINPolicyViolation)}
}

// without is a token that does not know an option.
func without(option string) []authenticator.Fault {
	return []authenticator.Fault{authenticator.FaultEdited(func(answer []byte) []byte {
		return bytes.Replace(answer, []byte(option), []byte(strings.Repeat("x", len(option))), 1)
	})}
}

// TestForcedPINChange: such a token takes its PIN for nothing but a change, to
// another one.
func TestForcedPINChange(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin), authenticator.WithForcedPINChange())
	d, p := driver(token, pin)
	_, err := d.Generate(t.Context(), ref(t, "fido2:"+t.TempDir()+"/k"), keys.ECDSAP256)
	require.Equal(t, fault.PINInvalid, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "stella keys pin change")
	_, err = d.ChangePIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: pin}).ask)
	require.Equal(t, fault.PINInvalid, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, fault.HintOf(err), "other than the old one")
	p.pin = pin
	_, err = d.ChangePIN(t.Context(), ref(t, "fido2:"), (&chooser{pin: "another one"}).ask)
	require.NoError(t, err)
	p.pin = "another one"
	made(t, d, keys.ECDSAP256, "")
}

// TestPINOfAKey: which token a file belongs to is not known for sure.
func TestPINOfAKey(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN(pin))
	d, _ := driver(token, pin)
	for _, r := range []string{"fido2:release.fido2", "fido2:?mode=assertion"} {
		_, err := d.ChangePIN(t.Context(), ref(t, r), (&chooser{pin: "another one"}).ask)
		assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), "%s: %v", r, err)
	}
	_, err := d.SetPIN(t.Context(), ref(t, "fido2:?pin-file=x"), (&chooser{pin: "another one"}).ask)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), "there is no old PIN: %v", err)
	assert.Empty(t, token.Commands())
}
