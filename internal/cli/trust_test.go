package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// trustWorld is a publisher and an auditor whose clock a test can set.
type trustWorld struct {
	t   *testing.T
	dir string
	now time.Time
}

// call runs a command line in the directory, at the time that it is.
func (w *trustWorld) call(want int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	env := newWorld("HOME="+w.dir, "STELLA_AUDIT_LOG="+filepath.Join(w.dir, "audit.jsonl"))
	env.Now = func() time.Time { return w.now }
	require.Equal(w.t, want, Main(args, env.Env), "%q\n%s%s", args, &env.stdout, &env.stderr)
	return env.stdout.String(), env.stderr.String()
}

// newTrustWorld publishes trust, with a policy if there is one, and imports it.
func newTrustWorld(t *testing.T, policy string) *trustWorld {
	t.Helper()
	w := &trustWorld{t, t.TempDir(), time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	t.Chdir(w.dir)
	w.publish(policy)
	return w
}

// publish publishes trust in ci.key and imports it.
func (w *trustWorld) publish(policy string) {
	w.t.Helper()
	w.write("sbom.json", `{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}`)
	for _, key := range []string{"root", "ci"} {
		w.call(0, "keys", "generate", "--no-passphrase", "-o", key+".key")
	}
	w.call(0, "sign", "sbom", "sbom.json", "--key", "ci.key", "-o", "sbom.sigstore.json")
	w.call(0, "trust", "publish", "init", "acme", "--root-key", "root.key.pub", "--key", "root.key.pub", "--expires", "10d")
	w.call(0, "trust", "publish", "add-key", "acme", "ci.key.pub", "--type", "*")
	if policy != "" {
		w.write("policy.yaml", policy)
		w.call(0, "trust", "publish", "add-root", "acme", "--policy", "policy.yaml")
	}
	w.call(0, "trust", "publish", "sign", "acme", "--key", "root.key")
	w.call(0, "trust", "publish", "export", "acme", "-o", "medium")
	root, err := os.ReadFile("medium/metadata/1.root.json")
	require.NoError(w.t, err)
	sum := sha256.Sum256(root)
	w.call(0, "trust", "init", "--root", "medium/metadata/1.root.json", "--root-sha256", hex.EncodeToString(sum[:]))
	w.call(0, "trust", "import", "medium")
}

// change publishes a change to the trust and imports it.
func (w *trustWorld) change(args ...string) {
	w.t.Helper()
	w.call(0, append([]string{"trust", "publish"}, args...)...)
	w.call(0, "trust", "publish", "sign", "acme", "--key", "root.key")
	w.call(0, "trust", "publish", "export", "acme", "-o", "medium")
	w.call(0, "trust", "import", "medium")
}

func (w *trustWorld) write(name, text string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
}

const anybody = `format: stella.ops/verificationPolicy@v1
rules:
  - name: all
    signers: [{threshold: 1}]
`

// Trust that has expired since it was imported is refused, unless the bundle's policy
// lets it be used for a while; the user's own can only make that shorter.
func TestUseOfExpiredTrustIsGraded(t *testing.T) {
	for name, tt := range map[string]struct {
		bundle, own string
		days        int // after the import; it expires after 10
		want        int
	}{
		"not expired":                     {"", "", 9, 0},
		"expired":                         {"", "", 10, 4},
		"policy says nothing":             {anybody, "", 11, 4},
		"policy lets it pass":             {anybody + "allowExpiredTrustUnsafe: 5d\n", "", 14, 0},
		"longer ago than that":            {anybody + "allowExpiredTrustUnsafe: 5d\n", "", 15, 4},
		"own policy is shorter":           {anybody + "allowExpiredTrustUnsafe: 5d\n", anybody + "allowExpiredTrustUnsafe: 1d\n", 12, 4},
		"own policy is longer":            {anybody + "allowExpiredTrustUnsafe: 5d\n", anybody + "allowExpiredTrustUnsafe: 50d\n", 16, 4},
		"own policy says nothing":         {anybody + "allowExpiredTrustUnsafe: 5d\n", anybody, 14, 0},
		"own against a policy":            {anybody, anybody + "allowExpiredTrustUnsafe: 5d\n", 11, 4},
		"own where the bundle has none":   {"", anybody + "allowExpiredTrustUnsafe: 5d\n", 14, 0},
		"own, for a shorter time than so": {"", anybody + "allowExpiredTrustUnsafe: 5d\n", 15, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTrustWorld(t, tt.bundle)
			w.now = w.now.AddDate(0, 0, tt.days)
			args := []string{"verify", "sbom.sigstore.json"}
			if tt.own != "" {
				w.write("own.yaml", tt.own)
				args = append(args, "--policy", "own.yaml")
			}
			stdout, stderr := w.call(tt.want, append(args, "--format", "json")...)
			if tt.want != 0 {
				assert.Contains(t, stderr, `"trust.expired"`)
				return
			}
			var r verify.Report
			require.NoError(t, json.Unmarshal([]byte(stdout), &r))
			require.NotNil(t, r.Trust.Bundle)
			assert.Equal(t, tt.days >= 10, r.Trust.Bundle.Expired)
			assert.Equal(t, int64(tt.days*24*3600), r.Trust.Bundle.AgeSeconds)
			if tt.days >= 10 {
				assert.Contains(t, r.Loosened, verify.LoosenExpiredTrust)
				text, _ := w.call(0, append(args, "--format", "html")...)
				assert.Contains(t, text, "EXPIRED")
				assert.Contains(t, text, "That the trust still holds: it expired at ")
			}
		})
	}
}

// Expiry is judged at --at, and the clock by itself: whoever sets it back does not make
// trust good again.
func TestTrustAndTheClock(t *testing.T) {
	w := newTrustWorld(t, "")
	w.now = w.now.AddDate(0, 0, 20)
	w.call(4, "verify", "sbom.sigstore.json")
	stdout, _ := w.call(0, "verify", "sbom.sigstore.json", "--at", "2026-12-01T00:00:00Z")
	assert.Contains(t, stdout, "2026-12-01T00:00:00Z (--at)")
	w.now = w.now.AddDate(-1, 0, 0)
	for _, args := range [][]string{
		{"verify", "sbom.sigstore.json"}, {"verify", "sbom.sigstore.json", "--at", "2026-12-01T00:00:00Z"}, {"trust", "import", "medium"},
	} {
		_, stderr := w.call(fault.ExitMissing, append(args, "--format", "json")...)
		assert.Contains(t, stderr, `"clock.behind"`, "%q", args)
	}
}

// Nothing but an import changes trust: verifying, showing and asking write nothing.
func TestReadingTrustWritesNothing(t *testing.T) {
	w := newTrustWorld(t, anybody)
	trust := filepath.Join(w.dir, ".local", "share", "stella", "trust")
	before := treeOf(t, trust)
	w.now = w.now.AddDate(0, 0, 3)
	w.call(0, "verify", "sbom.sigstore.json")
	w.call(0, "trust", "show")
	w.call(0, "trust", "status")
	w.call(0, "trust", "import", "medium", "--dry-run")
	assert.Equal(t, before, treeOf(t, trust))
}

// treeOf are the files of a directory with their contents and times.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		out[path] = info.ModTime().String() + string(content)
		return err
	}))
	require.NotEmpty(t, out)
	return out
}

// A signature is added to an envelope that the active trust verifies, without more
// being said.
func TestAttestAddUsesTheActiveTrust(t *testing.T) {
	w := newTrustWorld(t, "")
	w.call(0, "sign", "sbom", "sbom.json", "--key", "ci.key", "--envelope", "dsse", "-o", "one.dsse.json")
	w.call(0, "attest", "add", "one.dsse.json", "--key", "root.key", "-o", "two.dsse.json")
	w.call(0, "sign", "sbom", "sbom.json", "--key", "root.key", "--envelope", "dsse", "-o", "other.dsse.json")
	w.call(3, "attest", "add", "other.dsse.json", "--key", "ci.key", "-o", "x.dsse.json")
}

// Certificates by the authorities of a bundle count for the identities that its policy
// names, or that the command line does; and a revoked key does in no certificate.
func TestKeylessEvidenceByTheActiveTrust(t *testing.T) {
	app, err := filepath.Abs(filepath.Join("testdata", "examples", "app.tar.gz"))
	require.NoError(t, err)
	content, err := os.ReadFile(app)
	require.NoError(t, err)
	w := &trustWorld{t, t.TempDir(), time.Now()}
	t.Chdir(w.dir)
	w.write("app.tar.gz", string(content))
	issue(t, w.dir)
	w.publish("")
	keyless := []string{"verify", "keyless.sigstore.json", "--subject", "app.tar.gz"}
	byName := append(keyless, "--certificate-identity", "ci@example.com", "--certificate-oidc-issuer", "https://issuer.example.com")
	w.call(4, byName...)

	w.change("add-root", "acme", "--trusted-root", "trusted_root.json", "--ca", "ca.pem")
	w.call(3, keyless...)
	w.call(0, byName...)
	w.call(3, append(keyless, "--certificate-identity", "other@example.com", "--certificate-oidc-issuer", "https://issuer.example.com")...)

	w.write("named.yaml", anybody+"identities: [{identity: ci@example.com, issuer: https://issuer.example.com}]\n")
	w.change("add-root", "acme", "--policy", "named.yaml")
	stdout, _ := w.call(0, append(keyless, "--format", "json")...)
	var r verify.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	key := r.Results[0].Signers[0].KeyID

	w.change("revoke", "acme", key, "--reason", "keyCompromise", "--effective", "2020-01-01T00:00:00Z")
	stdout, _ = w.call(3, keyless...)
	assert.Contains(t, stdout, "key.revoked")
}
