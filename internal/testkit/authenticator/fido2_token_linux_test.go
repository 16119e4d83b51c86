package authenticator_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

func TestFido2TokenReadsTheInfo(t *testing.T) {
	tests := map[string]struct {
		opts       []authenticator.Option
		want, lack []string
	}{
		"new": {nil, []string{
			"FIDO_2_0", "FIDO_2_1", "credProtect", "hmac-secret", "noclientPin", "pinUvAuthToken", "credMgmt", "rk", "es256", "eddsa",
			"makeCredUvNotRqd", "noalwaysUv", "pin protocols: 2, 1", "minpinlen: 4", "cbor", "wink", "nomsg",
		}, nil},
		"PIN":      {[]authenticator.Option{authenticator.WithPIN("1234")}, []string{" clientPin", "pin retries: 8"}, nil},
		"alwaysUv": {[]authenticator.Option{authenticator.WithAlwaysUV()}, []string{" alwaysUv", "nomakeCredUvNotRqd"}, nil},
		"CTAP 2.0": {[]authenticator.Option{authenticator.WithCTAP20()}, []string{"FIDO_2_0", "pin protocols: 1"}, []string{"FIDO_2_1", "credMgmt", "credProtect"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			out := tool(t, "fido2-token", "-I", authenticator.Start(t, tt.opts...).Path())
			for _, w := range tt.want {
				assert.Contains(t, out, w)
			}
			for _, l := range tt.lack {
				assert.NotContains(t, out, l)
			}
		})
	}
}

func TestFido2TokenSetsAndChangesThePIN(t *testing.T) {
	for name, opts := range map[string][]authenticator.Option{
		"protocol 2": nil,
		"protocol 1": {authenticator.WithPINProtocols(1)},
		"CTAP 2.0":   {authenticator.WithCTAP20()},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t, opts...)
			prompted(t, []string{"первый", "первый"}, "fido2-token", "-S", d.Path())
			prompted(t, []string{"первый", "second", "second"}, "fido2-token", "-C", d.Path())
			makeCredential(t, d, []string{"second"}, "es256", "-r")
		})
	}
}

func TestFido2TokenManagesResidentCredentials(t *testing.T) {
	pins := []string{"123456"}
	d := authenticator.Start(t, authenticator.WithPIN(pins[0]))
	alice := makeCredentialFor(t, d, pins, "es256", "alice", "-r")
	bob := makeCredentialFor(t, d, pins, "eddsa", "bob", "-r", "-c", "3")
	assert.Contains(t, prompted(t, pins, "fido2-token", "-L", "-r", d.Path()), rpID)
	listed := prompted(t, pins, "fido2-token", "-L", "-k", rpID, d.Path())
	assert.Contains(t, listed, alice.id)
	assert.Contains(t, listed, bob.id)
	assert.Contains(t, prompted(t, pins, "fido2-token", "-I", "-c", d.Path()), "existing rk(s): 2")
	shown := prompted(t, pins, "fido2-token", "-I", "-k", rpID, "-i", alice.id, d.Path())
	assert.Contains(t, shown, lines(t, alice.key)[1], "the public key")
	prompted(t, pins, "fido2-token", "-S", "-c", "-i", alice.id, "-k", base64.StdEncoding.EncodeToString([]byte("id of alice")),
		"-n", "alice2", "-p", "Alice", d.Path())
	assert.Equal(t, "alice2", d.Credentials()[0].UserName)
	prompted(t, pins, "fido2-token", "-D", "-i", alice.id, d.Path())
	require.Len(t, d.Credentials(), 1)
	assert.Equal(t, bob.id, encoded(d.Credentials()[0].ID))
}

func TestFido2TokenResetsTheDevice(t *testing.T) {
	pins := []string{"123456"}
	d := authenticator.Start(t, authenticator.WithPIN(pins[0]))
	makeCredential(t, d, pins, "es256", "-r")
	d.Replug(t)
	tool(t, "fido2-token", "-R", d.Path())
	assert.Empty(t, d.Credentials())
	assert.Contains(t, tool(t, "fido2-token", "-I", d.Path()), "noclientPin")
}
