package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	issuers "github.com/stellaops/stella/internal/testkit/world"
)

// TestShowKeyless shows what stands beside a keyless signature, and who vouches for it.
func TestShowKeyless(t *testing.T) {
	w := issuers.New(t.Name())
	w.Clock.Set(time.Now().Add(-time.Minute))
	e := w.Evidence(issuers.Options{Artifact: []byte("app"), Identity: "ci@example.com", Issuer: "https://issuer.example.com"})
	dir := t.TempDir()
	file, root := filepath.Join(dir, "keyless.sigstore.json"), filepath.Join(dir, "trusted_root.json")
	require.NoError(t, os.WriteFile(file, e.Bundle, 0o600))
	require.NoError(t, os.WriteFile(root, e.TrustedRoot, 0o600))
	show := func(args ...string) string {
		out := newWorld()
		require.Zero(t, Main(append([]string{"attest", "show", file}, args...), out.Env), out.stderr.String())
		return out.stdout.String()
	}
	bare := show()
	assert.Contains(t, bare, "signature 1  NOT VERIFIED")
	assert.Regexp(t, `fingerprint sha256:[0-9a-f]{64}`, bare)
	assert.Contains(t, bare, "name email:ci@example.com")
	assert.Regexp(t, `(?m)^log entry +index \d+ of log [0-9a-f]{64}`, bare)
	assert.Regexp(t, `(?m)^says time +\S+Z \((log|timestamp)\)$`, bare)
	judged := show("--trusted-root", root, "--certificate-identity", "ci@example.com", "--certificate-oidc-issuer", "https://issuer.example.com")
	assert.NotContains(t, judged, "NOT VERIFIED")
	assert.Regexp(t, `(?m)^key +sha256:[0-9a-f]{64}  ecdsa-p256$`, judged)
}

// TestShowBlob judges a signature over bare bytes by the digest that it names, and says why
// one that names none cannot be judged.
func TestShowBlob(t *testing.T) {
	w := issuers.New(t.Name())
	w.Clock.Set(time.Now().Add(-time.Minute))
	o := issuers.Options{Artifact: []byte("app"), Content: issuers.Message, Identity: "ci@example.com", Issuer: "https://issuer.example.com"}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o600))
		return path
	}
	root := write("trusted_root.json", w.TrustedRoot())
	show := func(file string) string {
		out := newWorld()
		args := []string{"attest", "show", file, "--trusted-root", root, "--certificate-identity", "ci@example.com", "--certificate-oidc-issuer", "https://issuer.example.com", "--at", time.Now().UTC().Format(time.RFC3339)}
		require.Zero(t, Main(args, out.Env), out.stderr.String())
		return out.stdout.String()
	}
	assert.Contains(t, show(write("blob.sigstore.json", w.Bundle(o))), "signature 1  verified: ci@example.com")
	assert.Contains(t, show(write("old.bundle", w.CosignBundle(o))), "signature 1  NOT VERIFIED: a signature over bare bytes is verified only against its artifact")
}

// TestLogEntryView: an index that is none is not shown as the first of the log.
func TestLogEntryView(t *testing.T) {
	view, at := viewLogEntry([]byte(`{"logIndex":"41","logId":{"keyId":"AQ=="},"kindVersion":{"kind":"dsse","version":"0.0.1"},"integratedTime":"1700000000"}`))
	assert.Equal(t, "index 41 of log 01, dsse 0.0.1", view.words())
	assert.Equal(t, int64(1700000000), at.Unix())
	for _, text := range []string{`{"logIndex":{}}`, `{"logIndex":true}`, `{"logIndex":1e300}`, `{"logIndex":"first"}`} {
		view, at = viewLogEntry([]byte(text))
		assert.Equal(t, "malformed log entry", view.words(), text)
		assert.True(t, at.IsZero())
	}
}
