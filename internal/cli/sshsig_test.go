package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/internal/testkit/authenticator"
	"github.com/stellaops/stella/pkg/keys"
)

// securityKey has stock ssh-keygen make a key on a token.
func securityKey(t *testing.T, token *authenticator.Device, kind string, options ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "id_release")
	testkit.Tool(t, "", "ssh-keygen", append([]string{
		"-q", "-t", kind, "-N", "", "-f", path, "-O", "device=" + token.Path(), "-O", "application=ssh:stella",
	}, options...)...)
	return path
}

// sshKeygenVerifies runs stock ssh-keygen -Y verify with the public key's line.
func sshKeygenVerifies(t *testing.T, line, namespace, signature, file string) error {
	t.Helper()
	allowed := filepath.Join(t.TempDir(), "allowed_signers")
	require.NoError(t, os.WriteFile(allowed, []byte("release "+line), 0o600))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "release", "-n", namespace, "-s", signature)
	cmd.Stdin = bytes.NewReader(content)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	return err
}

// TestFIDO2SSHSig: what an OpenSSH key on a token signs by stella, stock
// ssh-keygen verifies.
func TestFIDO2SSHSig(t *testing.T) {
	for _, kind := range []string{"ed25519-sk", "ecdsa-sk"} {
		t.Run(kind, func(t *testing.T) {
			token := authenticator.Start(t)
			key := securityKey(t, token, kind)
			line, err := os.ReadFile(key + ".pub")
			require.NoError(t, err)
			file := example(t, "app.tar.gz")
			out := filepath.Join(t.TempDir(), "app.tar.gz.sig")
			sign := []string{"sign", "blob", file, "--key", "fido2:" + key, "-o", out}

			w := run(t, token, 2, sign...)
			assert.Contains(t, w.stderr.String(), "--envelope sshsig")
			w = run(t, token, 2, append(sign, "--envelope", "sshsig", "--namespace", keys.SSHSigNamespace)...)
			assert.Contains(t, w.stderr.String(), "sign statement")
			assert.NotContains(t, token.Commands(), authenticator.GetAssertion, "nobody was asked for a touch in vain")
			assert.NoFileExists(t, out)

			w = run(t, token, 0, append(sign, "--envelope", "sshsig", "--format", "json")...)
			assert.Contains(t, w.stdout.String(), `"namespace": "file"`)
			require.NoError(t, sshKeygenVerifies(t, string(line), "file", out, file))
			require.Error(t, sshKeygenVerifies(t, string(line), "git", out, file))
			require.Error(t, sshKeygenVerifies(t, string(line), "file", out, out))

			run(t, token, 0, append(sign, "--envelope", "sshsig", "--namespace", "release@example.com", "--force")...)
			require.NoError(t, sshKeygenVerifies(t, string(line), "release@example.com", out, file))

			exported := filepath.Join(t.TempDir(), "exported.pub")
			run(t, token, 0, "keys", "export", "--public", "fido2:"+key, "--as", "openssh", "-o", exported)
			text, err := os.ReadFile(exported)
			require.NoError(t, err)
			assert.Equal(t, strings.Fields(string(line))[:2], strings.Fields(string(text))[:2])
		})
	}
}

// TestFIDO2SSHSigVerifyRequired: the PIN is in the signature, where ssh-keygen looks
// for it.
func TestFIDO2SSHSigVerifyRequired(t *testing.T) {
	askpass := filepath.Join(t.TempDir(), "askpass")
	require.NoError(t, os.WriteFile(askpass, []byte("#!/bin/sh\necho 1234\n"), 0o700))
	t.Setenv("SSH_ASKPASS", askpass)
	t.Setenv("SSH_ASKPASS_REQUIRE", "force")
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key := securityKey(t, token, "ed25519-sk", "-O", "verify-required")
	line, err := os.ReadFile(key + ".pub")
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "sig")
	file := example(t, "app.tar.gz")
	run(t, token, 0, "sign", "blob", file, "--key", "fido2:"+key, "--pin-file", secretFile(t, "1234"), "--envelope", "sshsig", "-o", out)
	require.NoError(t, sshKeygenVerifies(t, string(line), "file", out, file))
}

// TestFIDO2Described: how a token's key signs is known wherever it is named.
func TestFIDO2Described(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("1234"))
	key, _ := tokenKey(t, token, "&mode=assertion")
	ring := []string{"--keyring", t.TempDir()}
	run(t, token, 0, append([]string{"keys", "import", key, "--name", "release"}, ring...)...)
	w := run(t, token, 0, append([]string{"keys", "show", "keyring:release", "--format", "json"}, ring...)...)
	assert.Contains(t, w.stdout.String(), `"scheme": "fido2"`)
	w = run(t, token, 0, "keys", "export", "--public", key, "--as", "keys.json", "--type", "*")
	assert.Contains(t, w.stdout.String(), `"rpId": "stella:release"`)
	w = run(t, token, 0, "keys", "export", "--public", key)
	assert.Contains(t, w.stderr.String(), "as bare PEM it verifies none of them")
	w = run(t, token, 2, "keys", "export", "--public", key, "--as", "openssh")
	assert.Contains(t, w.stderr.String(), "ssh-keygen -t ed25519-sk")
	w = run(t, token, 2, "sign", "blob", example(t, "app.tar.gz"), "--key", key, "--envelope", "sshsig", "-o", filepath.Join(ring[1], "sig"))
	assert.Contains(t, w.stderr.String(), "ssh-keygen -t ed25519-sk")
	assert.NoFileExists(t, filepath.Join(ring[1], "sig"))
}

// TestSSHSigOfKeyFiles: any key that OpenSSH knows will do.
func TestSSHSigOfKeyFiles(t *testing.T) {
	b := newBench(t)
	require.NoError(t, os.WriteFile("app", []byte("content"), 0o600))
	for _, algorithm := range []string{"ed25519", "ecdsa-p256", "ecdsa-p384", "rsa-3072"} {
		key := algorithm + ".key"
		b.run(0, "keys", "generate", "--algorithm", algorithm, "--no-passphrase", "-o", key)
		b.run(0, "sign", "blob", "app", "--key", key, "--envelope", "sshsig", "-o", key+".sig")
		line, _ := b.run(0, "keys", "export", "--public", key, "--as", "openssh")
		require.NoError(t, sshKeygenVerifies(t, line, "file", key+".sig", "app"), algorithm)
	}
	for status, args := range map[string][]string{
		"say --envelope sshsig":   {"--namespace", "file"},
		"is not the name of a na": {"--envelope", "sshsig", "--namespace", "a b"},
		"one signature":           {"--envelope", "sshsig", "--key", "ed25519.key"},
		"sign statement":          {"--envelope", "dsse"},
	} {
		_, stderr := b.run(2, append([]string{"sign", "blob", "app", "--key", "rsa-3072.key", "-o", "x"}, args...)...)
		assert.Contains(t, stderr, status)
	}
	require.NoError(t, os.WriteFile("sshsig", []byte("SSHSIG\x00\x00\x00\x03git"), 0o600))
	_, stderr := b.run(2, "sign", "blob", "sshsig", "--key", "ed25519.key", "-o", "x")
	assert.Contains(t, stderr, "could pass for one by ssh-keygen")
	assert.NoFileExists(t, "x")
}
