//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exported makes an export of a directory with an SBOM.
func exported(t *testing.T, algorithm string) string {
	t.Helper()
	dir := prepare(t)
	stellaKey(t, dir, "key", algorithm)
	stellaKey(t, dir, "second", algorithm)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "export", "sboms"), 0o750))
	write(t, filepath.Join(dir, "export", "sboms"), "sbom.json", read(t, dir, "sbom.json"))
	write(t, filepath.Join(dir, "export"), "artifact", read(t, dir, "artifact"))
	stella(t, dir, "sign", "export", "export", "--key", "key")
	stella(t, dir, "verify", "export/export.json", "--key", "key.pub")
	return dir
}

// script runs the export's own script with these programs alone beside the system's.
func script(t *testing.T, dir, key string, programs map[string]string) result {
	t.Helper()
	bin := t.TempDir()
	for name, path := range programs {
		require.NoError(t, os.Symlink(path, filepath.Join(bin, name)))
	}
	return run(t, dir, command(t, "env"), "PATH="+bin+":/usr/bin:/bin", "sh", "export/verify.sh", key)
}

// tampered runs the script over an export that is not what was signed any more, and
// with the key of somebody else.
func tampered(t *testing.T, dir string, programs map[string]string) {
	t.Helper()
	assert.Equal(t, 2, script(t, dir, "second.pub", programs).status, "another key")
	provenance := read(t, filepath.Join(dir, "export"), "provenance.json")
	write(t, filepath.Join(dir, "export"), "provenance.json", append([]byte(" "), provenance...))
	assert.NotZero(t, script(t, dir, "key.pub", programs).status, "another provenance")
	write(t, filepath.Join(dir, "export"), "provenance.json", provenance)
	require.Zero(t, script(t, dir, "key.pub", programs).status)
	const twoLines = "export.json\nchecksums.txt"
	write(t, filepath.Join(dir, "export"), twoLines, []byte("added\n"))
	assert.Equal(t, 1, script(t, dir, "key.pub", programs).status, "a file with a line break in its name")
	require.NoError(t, os.Remove(filepath.Join(dir, "export", twoLines)))
	write(t, filepath.Join(dir, "export"), "artifact", []byte("another\n"))
	assert.Equal(t, 1, script(t, dir, "key.pub", programs).status, "another file")
}

// TestExport verifies an export with stock programs: the signatures by each cosign as
// one types it, and everything by the script, with each cosign and with OpenSSL.
func TestExport(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "ed25519", "rsa-3072"} {
		t.Run(algorithm+"/openssl", func(t *testing.T) {
			t.Parallel()
			dir := exported(t, algorithm)
			r := script(t, dir, "key.pub", nil)
			require.Zero(t, r.status, "%s%s", r.stdout, r.stderr)
			require.True(t, strings.Contains(r.stdout, "(openssl)"), r.stdout)
			tampered(t, dir, nil)
		})
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			eachCosign(t, func(t *testing.T, c cosign) {
				dir := exported(t, algorithm)
				accepted(t, c.verifyBlob(t, dir, "key.pub", "export/export.json.sigstore.json", "export/export.json"))
				refusedBlob := c.verifyBlob(t, dir, "key.pub", "export/export.json.sigstore.json", "artifact")
				require.NotZero(t, refusedBlob.status, "cosign took the bundle for another file")
				accepted(t, c.verifyAttestation(t, dir, "key.pub", "export/provenance.sigstore.json", "slsaprovenance1", "export/export.json"))

				programs := map[string]string{"cosign": program(t, ".cache", "oracles", c.name)}
				r := script(t, dir, "key.pub", programs)
				require.Zero(t, r.status, "%s%s", r.stdout, r.stderr)
				require.True(t, strings.Contains(r.stdout, "(cosign)"), r.stdout)
				tampered(t, dir, programs)
			})
		})
	}
}

// TestPromotionToCosign: a promotion is an attestation like any other.
func TestPromotionToCosign(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := prepare(t)
		stellaKey(t, dir, "key", "ecdsa-p256")
		image := "app@sha256:" + strings.Repeat("1", 64)
		stella(t, dir, "sign", "sbom", "sbom.json", "--subject", image, "--key", "key", "-o", "sbom.sigstore.json")
		stella(t, dir, "promotion", "attest", "--image", image, "--sbom", "sbom.sigstore.json", "--trust", "key.pub",
			"--from", "dev", "--to", "prod", "--actor", "release", "--key", "key", "-o", "out.sigstore.json")
		args := append([]string{"verify-blob-attestation", "--type", "stella.ops/promotion@v1", "--digest", strings.Repeat("1", 64), "--digestAlg", "sha256"},
			c.verifying(t, dir, "key.pub", "out.sigstore.json")...)
		accepted(t, c.run(t, dir, args...))
	})
}
