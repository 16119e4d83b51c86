package authenticator_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// A credential is what fido2-cred made and verified.
type credential struct {
	id   string // in base64
	key  string // file of the public key, as fido2-assert wants it
	kind string // es256 or eddsa
}

// hashOf is a client data hash that stands for a text.
func hashOf(text string) string { return encoded(bytes.Repeat([]byte(text[:1]), 32)) }

// makeCredential makes a credential with fido2-cred -M and verifies it with
// fido2-cred -V, both with the same flags. Without pins nothing is asked.
func makeCredential(t *testing.T, d *authenticator.Device, pins []string, kind string, flags ...string) credential {
	t.Helper()
	return makeCredentialFor(t, d, pins, kind, "alice", flags...)
}

func makeCredentialFor(t *testing.T, d *authenticator.Device, pins []string, kind, user string, flags ...string) credential {
	t.Helper()
	in := file(t, hashOf("create"), rpID, user, encoded([]byte("id of "+user)))
	out := temporary(t, "credential")
	args := append([]string{"-M", "-i", in, "-o", out}, flags...)
	prompted(t, pins, "fido2-cred", append(args, d.Path(), kind)...)
	return verifyCredential(t, out, kind, flags...)
}

// verifyCredential runs fido2-cred -V over what fido2-cred -M wrote.
func verifyCredential(t *testing.T, made, kind string, flags ...string) credential {
	t.Helper()
	checked := temporary(t, "checked")
	args := []string{"-V", "-i", made, "-o", checked}
	for i, f := range flags {
		if f != "-r" && f != "-q" { // they say how to make one, not what to check
			args = append(args, flags[i])
		}
	}
	tool(t, "fido2-cred", append(args, kind)...)
	l := lines(t, checked)
	require.Greater(t, len(l), 2)
	return credential{id: l[0], key: file(t, l[1:]...), kind: kind}
}

func TestFido2CredVerifiesWhatTheDeviceMakes(t *testing.T) {
	const pin = "123456"
	attestations := map[string]authenticator.Attestation{
		"chain": authenticator.AttestChain, "self": authenticator.AttestSelf, "none": authenticator.AttestNone, "u2f": authenticator.AttestU2F,
	}
	tests := map[string]struct {
		attestation string
		kind        string
		pins        []string
		flags       []string
	}{
		"ES256":                      {"chain", "es256", nil, nil},
		"EdDSA":                      {"chain", "eddsa", nil, nil},
		"ES256 self":                 {"self", "es256", nil, nil},
		"EdDSA self":                 {"self", "eddsa", nil, nil},
		"ES256 U2F attestation":      {"u2f", "es256", nil, nil},
		"resident":                   {"chain", "es256", nil, []string{"-r"}},
		"hmac-secret":                {"chain", "es256", nil, []string{"-h"}},
		"credProtect":                {"chain", "es256", nil, []string{"-c", "3"}},
		"PIN":                        {"chain", "es256", []string{pin}, []string{"-v"}},
		"PIN, everything":            {"chain", "eddsa", []string{pin}, []string{"-v", "-r", "-h", "-c", "2"}},
		"PIN, everything, self made": {"self", "es256", []string{pin}, []string{"-v", "-r", "-h", "-c", "1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			opts := []authenticator.Option{authenticator.WithAttestation(attestations[tt.attestation])}
			if tt.pins != nil {
				opts = append(opts, authenticator.WithPIN(pin))
			}
			d := authenticator.Start(t, opts...)
			c := makeCredential(t, d, tt.pins, tt.kind, tt.flags...)
			held := d.Credentials()
			require.Len(t, held, 1)
			assert.Equal(t, c.id, encoded(held[0].ID))
			assert.Equal(t, rpID, held[0].RPID)
		})
	}
}

func TestFido2CredRefusesAChangedCredential(t *testing.T) {
	d := authenticator.Start(t)
	in := file(t, hashOf("create"), rpID, "alice", encoded([]byte("alice")))
	out := temporary(t, "credential")
	tool(t, "fido2-cred", "-M", "-i", in, "-o", out, d.Path())
	l := lines(t, out)
	l[0] = hashOf("other")
	_, _, err := atTerminal(t, nil, "fido2-cred", "-V", "-i", file(t, l...))
	require.Error(t, err)
}
