package authenticator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// tryPIN makes a credential with a PIN and returns the error that libfido2 names.
func tryPIN(t *testing.T, d *authenticator.Device, pin string) string {
	t.Helper()
	in := file(t, hashOf("create"), rpID, "alice", encoded([]byte("alice")))
	_, screen, err := atTerminal(t, []string{pin}, "fido2-cred", "-M", "-v", "-i", in, "-o", temporary(t, "made"), d.Path())
	if err == nil {
		return ""
	}
	_, code, found := strings.Cut(screen, "fido_dev_make_cred: ")
	require.True(t, found, screen)
	return strings.TrimSpace(code)
}

func TestWrongPINs(t *testing.T) {
	for name, opts := range map[string][]authenticator.Option{
		"protocol 2": nil,
		"protocol 1": {authenticator.WithPINProtocols(1)},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t, append(opts, authenticator.WithPIN("123456"))...)
			const good, bad = "123456", "654321"
			steps := []struct {
				pin     string
				want    string
				retries int
			}{
				{bad, "FIDO_ERR_PIN_INVALID", 7},
				{bad, "FIDO_ERR_PIN_INVALID", 6},
				{good, "", 8},
				{bad, "FIDO_ERR_PIN_INVALID", 7},
				{bad, "FIDO_ERR_PIN_INVALID", 6},
				{bad, "FIDO_ERR_PIN_AUTH_BLOCKED", 5},
				{good, "FIDO_ERR_PIN_AUTH_BLOCKED", 5},
				{"replug", "", 5},
				{bad, "FIDO_ERR_PIN_INVALID", 4},
				{bad, "FIDO_ERR_PIN_INVALID", 3},
				{bad, "FIDO_ERR_PIN_AUTH_BLOCKED", 2},
				{"replug", "", 2},
				{bad, "FIDO_ERR_PIN_INVALID", 1},
				{bad, "FIDO_ERR_PIN_BLOCKED", 0},
				{good, "FIDO_ERR_PIN_BLOCKED", 0},
				{"replug", "", 0},
				{good, "FIDO_ERR_PIN_BLOCKED", 0},
			}
			for i, s := range steps {
				if s.pin == "replug" {
					d.Replug(t)
				} else {
					require.Equal(t, s.want, tryPIN(t, d, s.pin), "step %d", i)
				}
				require.Equal(t, s.retries, d.PINRetries(), "step %d", i)
			}
		})
	}
}

func TestPINPolicy(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithMinPINLength(6))
	_, screen, err := atTerminal(t, []string{"пять5", "пять5"}, "fido2-token", "-S", d.Path())
	require.Error(t, err)
	assert.Contains(t, screen, "FIDO_ERR_PIN_POLICY_VIOLATION")
}

func TestForcedPINChange(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithPIN("123456"), authenticator.WithForcedPINChange())
	assert.Contains(t, tool(t, "fido2-token", "-I", d.Path()), "pin change required: true")
	assert.Equal(t, "FIDO_ERR_PIN_POLICY_VIOLATION", tryPIN(t, d, "123456"))
	_, screen, err := atTerminal(t, []string{"123456", "123456", "123456"}, "fido2-token", "-C", d.Path())
	require.Error(t, err)
	assert.Contains(t, screen, "FIDO_ERR_PIN_POLICY_VIOLATION", "the same again")
	_, screen, err = atTerminal(t, []string{"123456", "654321", "654321"}, "fido2-token", "-C", d.Path())
	require.NoError(t, err, screen)
	assert.Empty(t, tryPIN(t, d, "654321"))
}

func TestSetPINFromOutside(t *testing.T) {
	d := authenticator.Start(t, authenticator.WithPIN("123456"), authenticator.WithPINRetries(0))
	assert.Equal(t, "FIDO_ERR_PIN_BLOCKED", tryPIN(t, d, "123456"))
	d.SetPIN("new one")
	assert.Empty(t, tryPIN(t, d, "new one"))
	d.SetPIN("")
	assert.Contains(t, tool(t, "fido2-token", "-I", d.Path()), "noclientPin")
}

func TestWhenThePINIsRequired(t *testing.T) {
	plain, resident := creation(), creation()
	resident[7] = map[string]bool{"rk": true}
	uv := creation()
	uv[7] = map[string]bool{"uv": true}
	empty := creation()
	empty[8], empty[9] = []byte{}, 2
	pin := authenticator.WithPIN("123456")
	tests := map[string]struct {
		opts    []authenticator.Option
		request map[int]any
		want    authenticator.Status
	}{
		"no PIN set":                  {nil, plain, authenticator.OK},
		"no PIN set, resident":        {nil, resident, authenticator.OK},
		"PIN set":                     {[]authenticator.Option{pin}, plain, authenticator.OK},
		"PIN set, resident":           {[]authenticator.Option{pin}, resident, authenticator.PUATRequired},
		"PIN set and always required": {[]authenticator.Option{pin, authenticator.WithUVRequired()}, plain, authenticator.PUATRequired},
		"alwaysUv":                    {[]authenticator.Option{authenticator.WithAlwaysUV()}, plain, authenticator.PUATRequired},
		"CTAP 2.0":                    {[]authenticator.Option{pin, authenticator.WithCTAP20()}, plain, authenticator.PUATRequired},
		"a finger":                    {[]authenticator.Option{pin}, uv, authenticator.InvalidOption},
		"which device, no PIN":        {nil, empty, authenticator.PINNotSet},
		"which device, PIN":           {[]authenticator.Option{pin}, empty, authenticator.PINInvalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, _ := open(t, authenticator.Start(t, tt.opts...)).command(authenticator.MakeCredential, tt.request)
			assert.Equal(t, tt.want, status)
		})
	}
}
