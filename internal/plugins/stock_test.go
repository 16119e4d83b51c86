package plugins

import (
	"bytes"
	"crypto"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
)

// TestStockHost has the host of sigstore, which is that of cosign, run our
// plugins: it takes them from PATH and gives them its whole environment.
func TestStockHost(t *testing.T) {
	server := newAWSServer(t)
	key := server.add(t, "k", keys.ECDSAP256)
	for _, variable := range server.environment() {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	t.Setenv("PATH", filepath.Join(built, "plugins"))
	client, err := cliplugin.LoadSignerVerifier(t.Context(), "awskms:///alias/k", crypto.SHA256)
	require.NoError(t, err)
	assert.Equal(t, "ECC_NIST_P256", client.DefaultAlgorithm())
	assert.Contains(t, client.SupportedAlgorithms(), "RSA_3072")
	public, err := client.PublicKey()
	require.NoError(t, err)
	assert.Equal(t, key.Public(), public)
	sig, err := client.SignMessage(strings.NewReader("message"))
	require.NoError(t, err)
	require.NoError(t, client.VerifySignature(bytes.NewReader(sig), strings.NewReader("message")))
	require.Error(t, client.VerifySignature(bytes.NewReader(sig), strings.NewReader("massage")))
	made, err := cliplugin.LoadSignerVerifier(t.Context(), "awskms:///alias/new", crypto.SHA256)
	require.NoError(t, err)
	_, err = made.CreateKey(t.Context(), "ECC_NIST_P384")
	require.NoError(t, err)
	missing, err := cliplugin.LoadSignerVerifier(t.Context(), "awskms:///alias/missing", crypto.SHA256)
	require.NoError(t, err)
	_, err = missing.PublicKey()
	require.ErrorContains(t, err, "plugin returned error: key.not_found: ")
}
