//go:build interop

package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFIPSBuild uses the build against the validated Go Cryptographic Module. It
// signs and verifies what its profile allows, as OpenSSL and the ordinary build
// do, and refuses the rest.
func TestFIPSBuild(t *testing.T) {
	fips, dir := program(t, "bin", "stella-fips"), prepare(t)
	works := func(args ...string) result {
		t.Helper()
		r := run(t, dir, fips, args...)
		require.Zero(t, r.status, "stella-fips %q\n%s%s", args, r.stdout, r.stderr)
		return r
	}
	fails := func(status int, says string, args ...string) {
		t.Helper()
		r := run(t, dir, fips, args...)
		require.Equal(t, status, r.status, "stella-fips %q\n%s%s", args, r.stdout, r.stderr)
		require.Contains(t, r.stdout+r.stderr, says, "stella-fips %q", args)
	}
	require.Contains(t, works("version").stdout, "Go Cryptographic Module v1.0.0, CMVP certificate 5247")
	require.Contains(t, works("config", "show").stdout, "fips")
	for _, algorithm := range []string{"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072"} {
		works("keys", "generate", "--algorithm", algorithm, "--no-passphrase", "-o", algorithm)
		signed := works("sign", "sbom", "sbom.json", "--key", algorithm, "-o", algorithm+".json")
		require.Contains(t, signed.stdout, "CMVP certificate 5247")
		works("verify", algorithm+".json", "--key", algorithm+".pub", "--subject", "sbom.json")
		stella(t, dir, "verify", algorithm+".json", "--key", algorithm+".pub", "--subject", "sbom.json", "--profile", "fips")
		openssl(t, dir, "pkey", "-in", algorithm, "-noout")
	}
	stellaKey(t, dir, "sm2", "sm2")
	stellaKey(t, dir, "pq", "ml-dsa-65")
	stella(t, dir, "sign", "blob", "sbom.json", "--key", "sm2", "-o", "sm2.json")
	stella(t, dir, "sign", "blob", "sbom.json", "--key", "pq", "-o", "pq.json")
	fails(2, `makes no sm2 key`, "keys", "generate", "--algorithm", "sm2", "--no-passphrase", "-o", "no")
	fails(2, `does not sign with sm2`, "sign", "blob", "sbom.json", "--key", "sm2", "-o", "no")
	fails(3, `does not verify with it`, "verify", "sm2.json", "--key", "sm2.pub", "--subject", "sbom.json")
	works("verify", "sm2.json", "--key", "sm2.pub", "--subject", "sbom.json", "--profile", "sm")

	const absent = "ML-DSA-65, which the cryptographic module of this build does not have"
	fails(2, "invalid value", "keys", "generate", "--algorithm", "ml-dsa-65", "--no-passphrase", "-o", "no")
	fails(2, absent, "sign", "blob", "sbom.json", "--key", "pq", "--profile", "pq", "-o", "no")
	fails(2, absent, "verify", "pq.json", "--key", "pq.pub", "--subject", "sbom.json", "--profile", "pq")
}

// TestFIPSModuleIsTheCertifiedOne holds the build to what the toolchain says is
// certified, so that a newer certificate is not overlooked.
func TestFIPSModuleIsTheCertifiedOne(t *testing.T) {
	root, err := exec.CommandContext(t.Context(), command(t, "go"), "env", "GOROOT").Output()
	require.NoError(t, err)
	certified, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "fips140", "certified.txt"))
	require.NoError(t, err)
	require.Equal(t, "v1.0.0", strings.SplitN(strings.TrimSpace(string(certified)), "-", 2)[0])
}
