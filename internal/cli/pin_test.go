package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/internal/ui"
)

// secretFile writes a secret as a user does, with a line ending.
func secretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(secret+"\n"), 0o600))
	return path
}

func TestFIDO2PIN(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithMinPINLength(6))
	short, first, second := secretFile(t, "12345"), secretFile(t, "123456"), secretFile(t, "654321")

	w := run(t, token, 2, "keys", "pin", "change", "fido2:", "--pin-file", first, "--new-pin-file", second, "--format", "json")
	assert.Contains(t, w.stderr.String(), `"pin.not_set"`)
	w = run(t, token, 2, "keys", "pin", "set", "fido2:", "--new-pin-file", short)
	assert.Contains(t, w.stderr.String(), "the token wants 6 characters")
	w = run(t, token, 0, "keys", "pin", "set", "fido2:", "--new-pin-file", first, "--format", "json")
	assert.JSONEq(t, `{"token": "`+token.Path()+`", "pin": "set"}`, w.stdout.String())
	w = run(t, token, 2, "keys", "pin", "set", "fido2:", "--new-pin-file", first)
	assert.Contains(t, w.stderr.String(), "stella keys pin change 'fido2:?device=")

	w = run(t, token, 0, "keys", "pin", "change", "fido2:", "--pin-file", first, "--new-pin-file", second)
	assert.Contains(t, w.stdout.String(), "is changed")
	for _, left := range []string{"7 tries are left", "6 tries are left"} {
		w = run(t, token, 1, "keys", "pin", "change", "fido2:", "--pin-file", first, "--new-pin-file", second)
		assert.Contains(t, w.stderr.String(), left)
	}
	w = run(t, token, 10, "keys", "pin", "change", "fido2:", "--pin-file", first, "--new-pin-file", second, "--format", "json")
	assert.Contains(t, w.stderr.String(), `"pin.replug"`)
	w = run(t, token, 10, "keys", "pin", "change", "fido2:", "--pin-file", second, "--new-pin-file", first)
	assert.Contains(t, w.stderr.String(), "unplug the token and plug it in again")
	token.Replug(t)
	run(t, token, 0, "keys", "pin", "change", "fido2:?pin-file="+second, "--new-pin-file", first)
	assert.Equal(t, 8, token.PINRetries())
}

func TestFIDO2PINThatLocks(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("123456"), authenticator.WithPINRetries(1))
	wrong := secretFile(t, "654321")
	for range 2 {
		w := run(t, token, 1, "keys", "pin", "change", "fido2:", "--pin-file", wrong, "--new-pin-file", wrong)
		assert.Contains(t, w.stderr.String(), "only a reset unlocks the token")
	}
}

func TestPINsOfWhatHasNone(t *testing.T) {
	t.Chdir(t.TempDir())
	token := authenticator.Start(t)
	for _, ref := range []string{"release.key", "tpm:release.tpm", "keyring:release", "fido2:release.fido2"} {
		w := run(t, token, 2, "keys", "pin", "change", ref)
		assert.Contains(t, w.stderr.String(), "hint: ", ref)
	}
	run(t, token, 2, "keys", "pin", "set", "fido2:", "--new-pin-file", "x", "--new-pin-env", "X")
	run(t, token, 2, "keys", "pin", "set", "fido2:", "--pin-file", "x") // no such flag
	w := run(t, token, 0, "__complete", "keys", "pin", "set", "f")
	assert.Contains(t, w.stdout.String(), "fido2:\n")
	assert.NotContains(t, w.stdout.String(), "file")
}

// TestPINWithoutATerminal names the flags of the PIN that is asked for, and no
// others.
func TestPINWithoutATerminal(t *testing.T) {
	token := authenticator.Start(t)
	nobody := func() (ui.Terminal, error) {
		return nil, fault.New(fault.PassphraseRequired, "no terminal").WithHint("give it with --passphrase-file or --askpass")
	}
	ask := func(args ...string) string {
		w := newWorld("STELLA_FIDO2_DEVICE=" + token.Path())
		w.Terminal = nobody
		require.Equal(t, 2, Main(append([]string{"keys", "pin", "--format", "json"}, args...), w.Env))
		assert.Contains(t, w.stderr.String(), `"pin.required"`)
		return w.stderr.String()
	}
	assert.Contains(t, ask("set", "fido2:"), "give it with --new-pin-file or --askpass")
	token.SetPIN("123456")
	assert.Contains(t, ask("change", "fido2:"), "give it with --pin-file or --askpass")
	assert.Contains(t, ask("change", "fido2:", "--pin-file", secretFile(t, "123456")), "give it with --new-pin-file or --askpass")
	assert.Equal(t, 8, token.PINRetries())
}
