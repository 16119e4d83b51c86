package plugins

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
)

// TestSpecimens signs with every kind of key behind AWS, Vault and GOST plugins
// and leaves the evidence in the folder that STELLA_SPECIMENS names, one folder
// for each driver and algorithm: for the table of who verifies it.
func TestSpecimens(t *testing.T) {
	root := os.Getenv("STELLA_SPECIMENS")
	if root == "" {
		root = t.TempDir()
	}
	aws := newAWSServer(t)
	w := newWorld(t, aws.environment()...)
	for _, a := range []keys.Algorithm{keys.ECDSAP256, keys.ECDSAP384, keys.RSA3072, keys.RSA4096} {
		aws.add(t, string(a), a)
		w.specimen(t, root, "awskms", a, "awskms:///alias/"+string(a))
	}
	w = newWorld(t, newVault(t)...)
	for _, a := range vaultAlgorithms() {
		ref := "hashivault://" + string(a)
		_, err := w.driver("hashivault").Generate(t.Context(), reference(t, ref), a)
		require.NoError(t, err)
		w.specimen(t, root, "hashivault", a, ref)
	}
	w = newWorld(t)
	for _, a := range []keys.Algorithm{keys.GOST256, keys.GOST512} {
		dir := t.TempDir()
		gostKey(t, dir, "k.pem", a)
		w.specimen(t, root, "gost", a, "gost://"+filepath.Join(dir, "k.pem"))
	}
}

// specimen signs an SBOM with one key.
func (w *world) specimen(t *testing.T, root, driver string, a keys.Algorithm, key string) {
	t.Helper()
	dir := filepath.Join(root, driver, string(a))
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sbom.json"), []byte(sbom), 0o600))
	allowed := *w
	allowed.environ = append(allowed.environ, "STELLA_PLUGINS_ALLOW="+driver)
	allowed.ok(t, dir, "keys", "export", "--public", key, "-o", "key.pub")
	allowed.ok(t, dir, "sign", "sbom", "sbom.json", "--key", key, "--envelope", "bundle", "-o", "out.sigstore.json")
	allowed.ok(t, dir, "sign", "sbom", "sbom.json", "--key", key, "--envelope", "dsse", "-o", "out.dsse.json")
	allowed.ok(t, dir, "verify", "out.sigstore.json", "out.dsse.json", "--key", "key.pub", "--subject", "sbom.json")
}
