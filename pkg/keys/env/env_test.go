package env_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/env"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const secret = "correct horse battery staple"

func driver(passphrase string) *env.Driver {
	ask := func(ctx context.Context, _ keys.Prompt) ([]byte, error) { return []byte(passphrase), ctx.Err() }
	return env.New(ask, keys.NewEnvironment(os.LookupEnv, os.Unsetenv))
}

// variable puts a new key into a variable.
func variable(t *testing.T, name string, a keys.Algorithm, f keys.Format) (crypto.Signer, []byte) {
	t.Helper()
	key, err := keys.Generate(a)
	require.NoError(t, err)
	var passphrase []byte
	if f.Encrypted() {
		passphrase = []byte(secret)
	}
	text, err := keys.MarshalPrivate(key, f, passphrase)
	require.NoError(t, err)
	t.Setenv(name, string(text))
	return key, text
}

func reference(t *testing.T, text string) keys.Ref {
	t.Helper()
	ref, err := keys.ParseRef(text)
	require.NoError(t, err)
	return ref
}

func TestSuite(t *testing.T) {
	for format, algorithms := range map[keys.Format][]keys.Algorithm{
		keys.FormatPKCS8:          keys.Algorithms(),
		keys.FormatPKCS8Encrypted: {keys.ECDSAP256},
	} {
		t.Run(string(format), func(t *testing.T) {
			keystest.Run(t, keystest.Suite{
				Algorithms:    algorithms,
				Deterministic: keys.Algorithms(),
				New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
					key, text := variable(t, "STELLA_TEST_KEY", a, format)
					f := keystest.Fixture{
						Driver: driver(secret), Ref: reference(t, "env://STELLA_TEST_KEY"), Public: key.Public(),
						Missing: reference(t, "env://STELLA_TEST_MISSING"),
						Secrets: []string{secret, base64.StdEncoding.EncodeToString(text)[60:80], string(text[60:80])},
					}
					if format.Encrypted() {
						f.WrongSecret = stubborn(t, text)
					}
					return f
				},
			})
		})
	}
}

// stubborn is a driver with the key in a variable of its own, which the right
// driver has not taken away, and the wrong passphrase.
func stubborn(t *testing.T, text []byte) keys.Driver {
	t.Helper()
	lookup := func(string) (string, bool) { return string(text), true }
	ask := func(context.Context, keys.Prompt) ([]byte, error) { return []byte("wrong"), nil }
	return env.New(ask, keys.NewEnvironment(lookup, func(string) error { return nil }))
}

func TestVariableIsRemoved(t *testing.T) {
	variable(t, "STELLA_TEST_KEY", keys.Ed25519, keys.FormatPKCS8)
	d := driver("")
	for range 2 { // the second time from memory
		_, err := d.Open(t.Context(), reference(t, "env://STELLA_TEST_KEY"))
		require.NoError(t, err)
		_, set := os.LookupEnv("STELLA_TEST_KEY")
		assert.False(t, set)
	}
}

func TestPassphraseOptions(t *testing.T) {
	variable(t, "STELLA_TEST_KEY", keys.Ed25519, keys.FormatPKCS8Encrypted)
	t.Setenv("STELLA_TEST_PASSPHRASE", secret)
	d := env.New(keys.NoPassphrases, keys.NewEnvironment(os.LookupEnv, os.Unsetenv))
	_, err := d.Open(t.Context(), reference(t, "env://STELLA_TEST_KEY"))
	assert.Equal(t, fault.PassphraseRequired, fault.ReasonOf(err), "%v", err)
	_, err = d.Open(t.Context(), reference(t, "env://STELLA_TEST_KEY?passphrase-env=STELLA_TEST_PASSPHRASE"))
	require.NoError(t, err)
}

func TestOpenRefuses(t *testing.T) {
	t.Setenv("STELLA_TEST_EMPTY", "")
	t.Setenv("STELLA_TEST_TEXT", "not a key but a secret")
	for ref, want := range map[string]fault.Reason{
		"env:STELLA_TEST_KEY":     fault.UsageInvalid,
		"env://":                  fault.UsageInvalid,
		"env://A=B":               fault.UsageInvalid,
		"env://A/B":               fault.UsageInvalid,
		"env://X?a=b":             fault.UsageInvalid,
		"env://STELLA_TEST_EMPTY": fault.InputEmpty,
		"env://STELLA_TEST_TEXT":  fault.KeyMalformed,
	} {
		_, err := driver("").Open(t.Context(), reference(t, ref))
		assert.Equal(t, want, fault.ReasonOf(err), "%s: %v", ref, err)
		assert.NotContains(t, err.Error(), "but a secret")
	}
}
