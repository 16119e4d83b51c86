package authenticator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// salt is one salt of hmac-secret.
var salt = strings.Repeat("s", 32)

// getAssertion gets an assertion with fido2-assert -G, verifies it with -V, and
// returns the lines that -G wrote.
func getAssertion(t *testing.T, d *authenticator.Device, pins []string, c credential, salt string, flags ...string) []string {
	t.Helper()
	input := []string{hashOf("assert"), rpID, c.id}
	if salt != "" {
		input = append(input, encoded([]byte(salt)))
		flags = append(flags, "-h")
	}
	out := temporary(t, "assertion")
	args := append([]string{"-G", "-i", file(t, input...), "-o", out}, flags...)
	prompted(t, pins, "fido2-assert", append(args, d.Path())...)
	verify := []string{"-V", "-i", out}
	for _, f := range flags {
		if f == "-p" || f == "-v" || f == "-h" {
			verify = append(verify, f)
		}
	}
	tool(t, "fido2-assert", append(verify, c.key, c.kind)...)
	return lines(t, out)
}

func TestFido2AssertVerifiesWhatTheDeviceSigns(t *testing.T) {
	pins := []string{"123456"}
	tests := map[string]struct {
		pins  []string
		kind  string
		make  []string
		flags []string
		salt  string
	}{
		"ES256":                  {nil, "es256", nil, []string{"-p"}, ""},
		"EdDSA":                  {nil, "eddsa", nil, []string{"-p"}, ""},
		"without touch":          {nil, "es256", nil, []string{"-t", "up=false"}, ""},
		"PIN":                    {pins, "es256", []string{"-v"}, []string{"-p", "-v"}, ""},
		"PIN, EdDSA":             {pins, "eddsa", []string{"-v"}, []string{"-p", "-v"}, ""},
		"hmac-secret":            {nil, "es256", []string{"-h"}, []string{"-p"}, salt},
		"hmac-secret, two salts": {nil, "es256", []string{"-h"}, []string{"-p"}, salt + strings.Repeat("t", 32)},
		"hmac-secret, PIN":       {pins, "eddsa", []string{"-h", "-v"}, []string{"-p", "-v"}, salt},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var opts []authenticator.Option
			if tt.pins != nil {
				opts = append(opts, authenticator.WithPIN(tt.pins[0]))
			}
			d := authenticator.Start(t, opts...)
			c := makeCredential(t, d, tt.pins, tt.kind, tt.make...)
			out := getAssertion(t, d, tt.pins, c, tt.salt, tt.flags...)
			if tt.salt != "" {
				assert.Len(t, decoded(t, out[len(out)-1]), len(tt.salt))
			}
		})
	}
}

// hmacSecret returns what libfido2 got from the extension.
func hmacSecret(t *testing.T, d *authenticator.Device, pins []string, c credential, salt string) string {
	t.Helper()
	flags := []string{"-p"}
	if pins != nil {
		flags = append(flags, "-v")
	}
	out := getAssertion(t, d, pins, c, salt, flags...)
	return string(decoded(t, out[len(out)-1]))
}

func TestACredentialHasTwoHMACSecrets(t *testing.T) {
	for name, opts := range map[string][]authenticator.Option{
		"protocol 2": nil,
		"protocol 1": {authenticator.WithPINProtocols(1)},
	} {
		t.Run(name, func(t *testing.T) {
			pins := []string{"123456"}
			d := authenticator.Start(t, append(opts, authenticator.WithPIN(pins[0]))...)
			c := makeCredential(t, d, nil, "es256", "-h")
			other := strings.Repeat("t", 32)
			withUV, withoutUV := hmacSecret(t, d, pins, c, salt), hmacSecret(t, d, nil, c, salt)
			assert.NotEqual(t, withUV, withoutUV, "with and without PIN")
			assert.Equal(t, withUV, hmacSecret(t, d, pins, c, salt), "with PIN, again")
			assert.Equal(t, withoutUV, hmacSecret(t, d, nil, c, salt), "without PIN, again")
			assert.Equal(t, withUV+hmacSecret(t, d, pins, c, other), hmacSecret(t, d, pins, c, salt+other), "two salts")
			assert.NotEqual(t, withUV, hmacSecret(t, d, pins, makeCredential(t, d, nil, "es256", "-h"), salt), "another credential")
		})
	}
}

func TestACredentialOfCTAP20HasOneHMACSecret(t *testing.T) {
	pins := []string{"123456"}
	d := authenticator.Start(t, authenticator.WithCTAP20(), authenticator.WithPIN(pins[0]))
	c := makeCredential(t, d, pins, "es256", "-h")
	assert.Equal(t, hmacSecret(t, d, pins, c, salt), hmacSecret(t, d, nil, c, salt))
}

func TestFido2AssertRefusesAChangedAssertion(t *testing.T) {
	d := authenticator.Start(t)
	c := makeCredential(t, d, nil, "es256")
	out := getAssertion(t, d, nil, c, "", "-p")
	out[0] = hashOf("other")
	_, _, err := atTerminal(t, nil, "fido2-assert", "-V", "-i", file(t, out...), c.key, c.kind)
	require.Error(t, err)
}

func TestFido2AssertGetsEveryResidentCredential(t *testing.T) {
	pins := []string{"123456"}
	d := authenticator.Start(t, authenticator.WithPIN(pins[0]))
	users := []string{"alice", "bob", "carol"}
	for _, user := range users {
		makeCredentialFor(t, d, pins, "es256", user, "-r", "-v")
	}
	out := temporary(t, "assertions")
	prompted(t, pins, "fido2-assert", "-G", "-r", "-v", "-p", "-i", file(t, hashOf("assert"), rpID), "-o", out, d.Path())
	got := lines(t, out)
	const each = 5 // hash, relying party, authenticator data, signature, user id
	require.Len(t, got, each*len(users))
	for i, user := range users {
		newestFirst := len(users) - 1 - i
		assert.Equal(t, "id of "+user, string(decoded(t, got[newestFirst*each+4])))
	}
}
