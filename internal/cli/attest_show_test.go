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
}
