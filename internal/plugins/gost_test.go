package plugins

import (
	"context"
	"crypto"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/keystest"
	"github.com/stellaops/stella/pkg/keys/plugin"
)

const gostPassphrase = "correct horse battery staple" // #nosec G101 -- of the test's own keys

// gostKey has openssl make a key in dir and returns its public half as openssl
// gives it.
func gostKey(t *testing.T, dir, name string, a keys.Algorithm) crypto.PublicKey {
	t.Helper()
	parameters := map[keys.Algorithm][]string{keys.GOST256: {"gost2012_256", "paramset:A"}, keys.GOST512: {"gost2012_512", "paramset:B"}}[a]
	testkit.Tool(t, dir, "openssl", "genpkey", "-engine", "gost", "-algorithm", parameters[0], "-pkeyopt", parameters[1], "-out", name)
	testkit.Tool(t, dir, "openssl", "pkey", "-engine", "gost", "-in", name, "-pubout", "-out", name+".pub")
	text, err := os.ReadFile(filepath.Join(dir, name+".pub"))
	require.NoError(t, err)
	list, err := keys.ParsePublic(text)
	require.NoError(t, err)
	return list[0].Key
}

// verifier gives a GOST key the plugin to verify with.
func (w *world) verifier(t *testing.T, pub crypto.PublicKey) crypto.PublicKey {
	t.Helper()
	host := plugin.New(plugin.Options{
		Dirs: []string{filepath.Join(built, "plugins")}, Allow: []plugin.Permission{{Name: "gost"}}, Local: []string{"gost"}, Offline: true,
	})
	return host.Resolve(context.WithoutCancel(t.Context()), pub)
}

func TestGOSTSuite(t *testing.T) {
	w := newWorld(t)
	keystest.Run(t, keystest.Suite{
		Algorithms: []keys.Algorithm{keys.GOST256, keys.GOST512},
		New: func(t *testing.T, a keys.Algorithm) keystest.Fixture {
			dir := t.TempDir()
			public := gostKey(t, dir, "k.pem", a)
			return keystest.Fixture{
				Driver: w.driver("gost"), Ref: reference(t, "gost://"+dir+"/k.pem"), Public: w.verifier(t, public),
				Missing: reference(t, "gost://"+dir+"/missing.pem"), MissingReason: fault.KeyNotFound,
				Secrets: []string{"BEGIN PRIVATE"},
			}
		},
	})
}

// TestGOSTCrossCheck has openssl itself verify what the plugin signed, and the
// plugin what openssl signed.
func TestGOSTCrossCheck(t *testing.T) {
	for a, digest := range map[keys.Algorithm]string{keys.GOST256: "-md_gost12_256", keys.GOST512: "-md_gost12_512"} {
		t.Run(string(a), func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			public := w.verifier(t, gostKey(t, dir, "k.pem", a))
			signer, err := w.driver("gost").Open(t.Context(), reference(t, "gost://"+dir+"/k.pem"))
			require.NoError(t, err)
			m := dsse.NewMessage("text/plain", dsse.Bytes("payload"))
			sig, err := signer.Sign(t.Context(), m)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "pae"), dsse.PAE("text/plain", []byte("payload")), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sig"), sig.Sig, 0o600))
			out := testkit.Tool(t, dir, "openssl", "dgst", "-engine", "gost", digest, "-verify", "k.pem.pub", "-signature", "sig", "pae")
			assert.Equal(t, "Verified OK\n", string(out))

			theirs := testkit.Tool(t, dir, "openssl", "dgst", "-engine", "gost", digest, "-sign", "k.pem", "pae")
			verifier, err := dsse.NewVerifier(public)
			require.NoError(t, err)
			require.NoError(t, verifier.Verify(m, dsse.Signature{Sig: theirs}))
			for i := range theirs {
				if i%7 != 0 {
					continue // each run costs two processes
				}
				flipped := append([]byte(nil), theirs...)
				flipped[i] ^= 1
				err := verifier.Verify(m, dsse.Signature{Sig: flipped})
				require.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "byte %d: %v", i, err)
			}
			for _, bad := range [][]byte{nil, theirs[1:], append(theirs, 0), make([]byte, len(theirs))} {
				err := verifier.Verify(m, dsse.Signature{Sig: bad})
				require.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "%v", err)
			}
		})
	}
}

func TestGOSTGenerate(t *testing.T) {
	for _, a := range []keys.Algorithm{keys.GOST256, keys.GOST512} {
		t.Run(string(a), func(t *testing.T) {
			dir := t.TempDir()
			ref := reference(t, "gost://"+dir+"/k.pem")
			_, err := newWorld(t).driver("gost").Generate(t.Context(), ref, a)
			assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), "no key without a passphrase: %v", err)
			w := newWorld(t, "GOST_PASSPHRASE="+gostPassphrase)
			made, err := w.driver("gost").Generate(t.Context(), ref, a)
			require.NoError(t, err)
			_, err = w.driver("gost").Generate(t.Context(), ref, a)
			assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "%v", err)
			text, err := os.ReadFile(filepath.Join(dir, "k.pem"))
			require.NoError(t, err)
			assert.Contains(t, string(text), "BEGIN ENCRYPTED PRIVATE KEY")
			signer, err := w.driver("gost").Open(t.Context(), ref)
			require.NoError(t, err)
			assert.True(t, made.Public.(interface{ Equal(crypto.PublicKey) bool }).Equal(signer.Public()))
			_, err = newWorld(t, "GOST_PASSPHRASE=wrong").driver("gost").Open(t.Context(), ref)
			assert.Equal(t, fault.PluginFailed, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error(), gostPassphrase)
		})
	}
}

// TestGOSTEndToEnd is the whole way, offline: the plugin needs no network.
func TestGOSTEndToEnd(t *testing.T) {
	w, dir := newWorld(t, "STELLA_PLUGINS_ALLOW=gost", "STELLA_OFFLINE=1"), t.TempDir()
	gostKey(t, dir, "k.pem", keys.GOST256)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sbom.json"), []byte(sbom), 0o600))
	w.ok(t, dir, "sign", "sbom", "sbom.json", "--key", "gost://k.pem", "-o", "sbom.sigstore.json")
	w.ok(t, dir, "keys", "export", "--public", "gost://k.pem", "-o", "exported.pub")
	exported, err := os.ReadFile(filepath.Join(dir, "exported.pub"))
	require.NoError(t, err)
	theirs, err := os.ReadFile(filepath.Join(dir, "k.pem.pub"))
	require.NoError(t, err)
	assert.Equal(t, string(theirs), string(exported))
	verify := []string{"verify", "sbom.sigstore.json", "--key", "exported.pub", "--subject", "sbom.json"}
	w.ok(t, dir, verify...)

	t.Run("another key", func(t *testing.T) {
		gostKey(t, dir, "other.pem", keys.GOST256)
		status, stderr := w.stella(t, dir, "verify", "sbom.sigstore.json", "--key", "other.pem.pub", "--subject", "sbom.json")
		assert.Equal(t, 3, status, stderr)
	})
	t.Run("without the plugin", func(t *testing.T) {
		forbidden := newWorld(t)
		status, stderr := forbidden.stella(t, dir, verify...)
		assert.Equal(t, 3, status, stderr)
	})
	t.Run("a GOST key beside the right one needs no plugin", func(t *testing.T) {
		forbidden := newWorld(t)
		forbidden.ok(t, dir, "keys", "generate", "--no-passphrase", "-o", "p256.key")
		forbidden.ok(t, dir, "sign", "sbom", "sbom.json", "--key", "p256.key", "-o", "p256.sigstore.json")
		forbidden.ok(t, dir, "verify", "p256.sigstore.json", "--key", "p256.key.pub", "--key", "k.pem.pub", "--subject", "sbom.json")
	})
	t.Run("two signatures", func(t *testing.T) {
		w.ok(t, dir, "sign", "sbom", "sbom.json", "--key", "gost://k.pem", "--key", "p256.key", "-o", "both.dsse.json")
		w.ok(t, dir, "verify", "both.dsse.json", "--key", "p256.key.pub", "--key", "k.pem.pub", "--threshold", "2", "--subject", "sbom.json")
	})
}
