package cli

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	issuers "github.com/stellaops/stella/internal/testkit/world"
)

// TestCRLOfNobodyGiven gives CRLs beside a private CA: one that the CA did not sign is
// refused by the name of its file, and not passed over.
func TestCRLOfNobodyGiven(t *testing.T) {
	dir, w := t.TempDir(), issuers.New("crls")
	e := w.Evidence(issuers.Options{Signer: issuers.PrivateCA, Log: issuers.NoLog, NoTimestamp: true})
	block, _ := pem.Decode(w.Private.CRL(issuers.CRL{}))
	der := bytes.Clone(block.Bytes)
	block.Bytes[len(block.Bytes)-1] ^= 1
	require.NoError(t, os.Mkdir(filepath.Join(dir, "cas"), 0o700))
	for name, content := range map[string][]byte{
		"app": e.Artifact, "app.sigstore.json": e.Bundle, "cas/ca.pem": e.CA,
		"good.crl": e.CRLs, "good.der": der, "altered.crl": pem.EncodeToMemory(block),
		"foreign.crl": w.Stranger().Private.CRL(issuers.CRL{}),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	verify := func(crl string) (int, string) {
		status, stdout, stderr := stellaIn(t, dir, "verify", "app.sigstore.json", "--subject", "app", "--ca", "cas", "--ca", crl,
			"--certificate-identity", issuers.DefaultPrivateIdentity, "--certificate-oidc-issuer-regexp", ".*", "--at", e.At.Format(time.RFC3339))
		return status, stdout + stderr
	}
	for _, crl := range []string{"good.crl", "good.der"} {
		status, text := verify(crl)
		assert.Zero(t, status, "%s: %s", crl, text)
	}
	for _, crl := range []string{"altered.crl", "foreign.crl"} {
		status, text := verify(crl)
		assert.Equal(t, 2, status, "%s: %s", crl, text)
		assert.Contains(t, text, crl)
	}
}
