package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Flags are shorthand for a policy: what verify accepts with flags it accepts with
// the policy that --print-policy shows for them, and nothing else.
func TestFlagsAreShorthand(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	do := func(want int, args ...string) string {
		w := newWorld("HOME=" + dir)
		require.Equal(t, want, Main(args, w.Env), "%v: %s", args, w.stderr.String())
		return w.stdout.String()
	}
	require.NoError(t, os.WriteFile("sbom.json", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`), 0o600))
	require.NoError(t, os.WriteFile("other.json", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5"}`), 0o600))
	do(0, "keys", "generate", "--no-passphrase", "-o", "a.key")
	do(0, "keys", "generate", "--no-passphrase", "--algorithm", "ed25519", "-o", "b.key")
	do(0, "keys", "generate", "--no-passphrase", "--algorithm", "ml-dsa-65", "-o", "c.key")
	do(0, "sign", "sbom", "sbom.json", "--key", "a.key", "-o", "one.json")
	do(0, "sign", "sbom", "sbom.json", "--key", "a.key", "--key", "b.key", "-o", "two.json")
	do(0, "sign", "sbom", "sbom.json", "--key", "a.key", "--key", "c.key", "-o", "quantum.json")
	do(0, "sign", "sbom", "sbom.json", "--key", "c.key", "-o", "only.json", "--envelope", "dsse")
	do(0, "sign", "sbom", "sbom.json", "--key", "a.key", "--subject", "other.json", "-o", "wide.json")
	do(0, "sign", "blob", "sbom.json", "--key", "a.key", "-o", "blob.json")
	keys := []string{"--key", "a.key.pub", "--key", "b.key.pub", "--key", "c.key.pub"}

	accepted, refused := 0, 0
	for _, flags := range [][]string{
		{}, {"--threshold", "2"}, {"--threshold", "3"}, {"--type", "cyclonedx"}, {"--type", "https://cyclonedx.org/bom/v1.6"}, {"--type", "spdx"},
		{"--subject", "sbom.json"}, {"--subject", "other.json"}, {"--subject", "sbom.json", "--subject", "other.json"},
		{"--threshold", "2", "--type", "cyclonedx", "--subject", "sbom.json"}, {"--profile", "fips"}, {"--profile", "pq"},
		{"--profile", "fips", "--threshold", "2"}, {"--require-log", "1"}, {"--require-timestamp", "1"}, {"--allow-no-log", "--allow-no-sct", "--require-crl"},
	} {
		printed := do(0, append([]string{"verify", "--print-policy"}, flags...)...)
		require.NoError(t, os.WriteFile("policy.yaml", []byte(printed), 0o600))
		for _, evidence := range []string{"one.json", "two.json", "quantum.json", "only.json", "wide.json", "blob.json"} {
			given := []string{"verify", evidence}
			by := func(more ...string) bool {
				return Main(append(append(given, keys...), more...), newWorld("HOME="+dir).Env) == 0
			}
			byFlags, byPolicy := by(flags...), by("--policy", "policy.yaml")
			assert.Equal(t, byFlags, byPolicy, "%s with %s, or by\n%s", evidence, strings.Join(flags, " "), printed)
			if byFlags {
				accepted++
			} else {
				refused++
			}
		}
		assert.NoError(t, os.Remove(filepath.Join(dir, "policy.yaml")))
	}
	assert.Greater(t, accepted, 20)
	assert.Greater(t, refused, 20)
}
