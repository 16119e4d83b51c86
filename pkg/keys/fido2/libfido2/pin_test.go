//go:build libfido2 && cgo && linux

package libfido2_test

import (
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/fido2"
	"github.com/stellaops/stella/pkg/keys/fido2/ctap"
)

func opened(t *testing.T, token *authenticator.Device) fido2.Device {
	t.Helper()
	device, err := backends()["libfido2"].Open(t.Context(), token.Path())
	require.NoError(t, err)
	return device
}

// enrolment is a request for a credential that is stored on the token.
func enrolment(pin []byte) ctap.NewCredential {
	hash := sha256.Sum256([]byte("enrolment"))
	return ctap.NewCredential{
		RPID: "stella:test", UserID: []byte{1}, UserName: "test", ClientDataHash: hash[:], Algorithm: ctap.ES256, Resident: true, PIN: pin,
	}
}

func assertion(credential, pin []byte) ctap.AssertionRequest {
	hash := sha256.Sum256([]byte("assertion"))
	return ctap.AssertionRequest{RPID: "stella:test", ClientDataHash: hash[:], Credential: credential, PIN: pin}
}

// TestPINsAreWiped: after each command that has a PIN, right or wrong, none of the
// copies is left that the binding and libfido2 made of it.
func TestPINsAreWiped(t *testing.T) {
	first, second, wrong := []byte(rand.Text()), []byte(rand.Text()), []byte(rand.Text()) // none of the program's constants
	token := authenticator.Start(t)
	device := opened(t, token)
	var credential []byte
	for _, step := range []struct {
		name string
		do   func() error
		fail bool
	}{
		{"set", func() error { return device.SetPIN(t.Context(), first) }, false},
		{"change with a wrong one", func() error { return device.ChangePIN(t.Context(), wrong, second) }, true},
		{"change", func() error { return device.ChangePIN(t.Context(), first, second) }, false},
		{"make a credential", func() error {
			made, err := device.MakeCredential(t.Context(), enrolment(second))
			if err == nil {
				credential = made.AuthData.Credential
			}
			return err
		}, false},
		{"assert", func() error { _, err := device.Assert(t.Context(), assertion(credential, second)); return err }, false},
		{"assert with a wrong one", func() error { _, err := device.Assert(t.Context(), assertion(credential, wrong)); return err }, true},
		{"list", func() error { _, err := device.Residents(t.Context(), second); return err }, false},
		{"list with a wrong one", func() error { _, err := device.Residents(t.Context(), wrong); return err }, true},
	} {
		err := step.do()
		require.Equal(t, step.fail, err != nil, "%s: %v", step.name, err)
		assert.Empty(t, memoryOfCHolds(t, first, second, wrong), "%s leaves it in memory", step.name)
	}
}

// chooser gives a new PIN.
func chooser(pin string) keys.Passphrases {
	p := &person{pin: pin}
	return p.ask
}

// TestSetAndChangePIN: libfido2 sets and changes PINs as the client in pure Go does.
func TestSetAndChangePIN(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithMinPINLength(6))
	d, _ := driver(token, "123456")
	where := ref(t, "fido2:")
	_, err := d.ChangePIN(t.Context(), where, chooser("654321"))
	assert.Equal(t, fault.PINNotSet, fault.ReasonOf(err), "%v", err)
	_, err = d.SetPIN(t.Context(), where, chooser("12345"))
	assert.Equal(t, fault.PINInvalid, fault.ReasonOf(err), "%v", err)
	assert.Contains(t, err.Error(), "6 characters", "how long it has to be, which go-libfido2 does not say")
	_, err = d.SetPIN(t.Context(), where, chooser("123456"))
	require.NoError(t, err)
	_, err = d.SetPIN(t.Context(), where, chooser("123456"))
	assert.Equal(t, fault.PINSet, fault.ReasonOf(err), "%v", err)
	_, err = d.ChangePIN(t.Context(), where, chooser("654321"))
	require.NoError(t, err)

	for _, left := range []string{"7 tries", "6 tries"} {
		_, err = d.ChangePIN(t.Context(), where, chooser("another"))
		require.Equal(t, fault.PINWrong, fault.ReasonOf(err), "%v", err)
		assert.Contains(t, fault.HintOf(err), left)
	}
	for range 2 {
		_, err = d.ChangePIN(t.Context(), where, chooser("another"))
		require.Equal(t, fault.PINReplug, fault.ReasonOf(err), "%v", err)
	}
	token.Replug(t)
	d, p := driver(token, "654321")
	_, err = d.ChangePIN(t.Context(), where, chooser("another"))
	require.NoError(t, err)
	p.pin = "another"
	made(t, d, keys.ECDSAP256, "")
}

// TestPINThatIsRefused: what the token says of a PIN reaches the user.
func TestPINThatIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		options []authenticator.Option
		pin     string
		want    fault.Reason
	}{
		"locked":       {[]authenticator.Option{authenticator.WithPIN(pin), authenticator.WithPINRetries(0)}, pin, fault.PINLocked},
		"the last try": {[]authenticator.Option{authenticator.WithPIN(pin), authenticator.WithPINRetries(1)}, "wrong", fault.PINLocked},
		"outdated":     {[]authenticator.Option{authenticator.WithPIN(pin), authenticator.WithForcedPINChange()}, pin, fault.PINInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := driver(authenticator.Start(t, row.options...), row.pin)
			_, err := d.Generate(t.Context(), ref(t, "fido2:"+t.TempDir()+"/k"), keys.ECDSAP256)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.NotEmpty(t, fault.HintOf(err))
		})
	}
	info, err := opened(t, authenticator.Start(t, authenticator.WithPIN(pin), authenticator.WithForcedPINChange())).Info(t.Context())
	require.NoError(t, err)
	assert.True(t, info.ForcePINChange)
}
