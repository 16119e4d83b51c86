package fido2_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
)

const passphrase = "a passphrase of ssh"

// sshKey has stock ssh-keygen make a key on a token.
func sshKey(t *testing.T, token *authenticator.Device, kind, tokenPIN string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if tokenPIN != "" {
		askpass := filepath.Join(dir, "askpass")
		require.NoError(t, os.WriteFile(askpass, []byte("#!/bin/sh\necho '"+tokenPIN+"'\n"), 0o700))
		t.Setenv("SSH_ASKPASS", askpass)
		t.Setenv("SSH_ASKPASS_REQUIRE", "force")
	}
	path := filepath.Join(dir, "id_sk")
	testkit.Tool(t, dir, "ssh-keygen", append([]string{
		"-q", "-t", kind, "-O", "device=" + token.Path(), "-O", "application=ssh:stella", "-f", path,
	}, args...)...)
	return path
}

// sshTrust loads the line that ssh-keygen wrote, with an option before it.
func sshTrust(t *testing.T, path, option string) keys.TrustedKey {
	t.Helper()
	line, err := os.ReadFile(path + ".pub")
	require.NoError(t, err)
	public := filepath.Join(t.TempDir(), "id.pub")
	require.NoError(t, os.WriteFile(public, append([]byte(option), line...), 0o600))
	loaded, err := keys.LoadTrust(public)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), 1)
	return loaded.Keys()[0]
}

// sshVerify has stock ssh-keygen verify an .sshsig file.
func sshVerify(t *testing.T, keyPath string, armored, signed []byte) error {
	t.Helper()
	dir := t.TempDir()
	line, err := os.ReadFile(keyPath + ".pub")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "allowed"), append([]byte("release "), line...), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x.sshsig"), armored, 0o600))
	cmd := exec.CommandContext(t.Context(), "ssh-keygen",
		"-Y", "verify", "-f", "allowed", "-I", "release", "-n", keys.SSHSigNamespace, "-s", "x.sshsig")
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(signed)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return err
}

func kinds() map[string]keys.Algorithm {
	return map[string]keys.Algorithm{"ecdsa-sk": keys.ECDSAP256, "ed25519-sk": keys.Ed25519}
}

func TestSuiteSSHSig(t *testing.T) {
	for kind, algorithm := range kinds() {
		for name, row := range map[string]struct {
			pin, passphrase, option string
			args                    []string
		}{
			"touch":               {"", "", "", []string{"-N", ""}},
			"touch and file":      {"", passphrase, "", []string{"-N", passphrase, "-a", "2"}},
			"PIN for each use":    {pin, "", "verify-required ", []string{"-N", "", "-O", "verify-required"}},
			"resident with a PIN": {pin, "", "", []string{"-N", "", "-O", "resident"}},
		} {
			t.Run(kind+"/"+name, func(t *testing.T) {
				var options []authenticator.Option
				if row.pin != "" {
					options = append(options, authenticator.WithPIN(row.pin))
				}
				token := authenticator.Start(t, options...)
				path := sshKey(t, token, kind, row.pin, row.args...)
				d, p := driver(token, row.pin)
				p.pass = row.passphrase
				trusted := sshTrust(t, path, row.option)
				assert.Equal(t, keys.SchemeSSHSig, trusted.Scheme)
				verifier, err := trusted.Verifier()
				require.NoError(t, err)
				keystest.Run(t, keystest.Suite{
					Algorithms: []keys.Algorithm{algorithm},
					New: func(t *testing.T, _ keys.Algorithm) keystest.Fixture {
						f := keystest.Fixture{
							Driver: d, Ref: ref(t, "fido2:"+path), Public: trusted.Public, Verifier: verifier,
							Missing: ref(t, "fido2:"+path+"-absent"),
						}
						if row.passphrase != "" {
							wrong, other := driver(token, row.pin)
							other.pass = "another passphrase"
							f.WrongSecret, f.Secrets = wrong, []string{row.passphrase, other.pass}
						}
						return f
					},
				})
				signer, err := d.Open(t.Context(), ref(t, "fido2:"+path))
				require.NoError(t, err)
				assert.Equal(t, keys.KindSSHSig, dsse.ExtensionKind(signer))
				payload := []byte(`{"_type":"https://in-toto.io/Statement/v1"}`)
				sig, err := signer.Sign(t.Context(), message(string(payload)))
				require.NoError(t, err)
				armored, err := keys.FormatSSHSig(signer.Public(), trusted.FIDO2.RPID, sig)
				require.NoError(t, err)
				require.NoError(t, sshVerify(t, path, armored, dsse.PAE(dsse.PayloadTypeInToto, payload)))
				require.Error(t, sshVerify(t, path, armored, payload), "what is signed is the PAE")
			})
		}
	}
}

// TestSSHSigRefuses: a key of OpenSSH is used for its own mode only.
func TestSSHSigRefuses(t *testing.T) {
	token := authenticator.Start(t)
	path := sshKey(t, token, "ed25519-sk", "", "-N", "")
	d, _ := driver(token, "")
	_, err := d.Attest(t.Context(), ref(t, "fido2:"+path))
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	ordinary := filepath.Join(t.TempDir(), "id")
	testkit.Tool(t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ordinary)
	_, err = d.Open(t.Context(), ref(t, "fido2:"+ordinary))
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
	other, _ := driver(authenticator.Start(t), "")
	signer, err := other.Open(t.Context(), ref(t, "fido2:"+path))
	require.NoError(t, err)
	_, err = signer.Sign(t.Context(), message("{}"))
	assert.Equal(t, fault.KeyNotFound, fault.ReasonOf(err))
}
