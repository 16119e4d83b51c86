//go:build interop

package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// timestampRoot writes a trusted root that holds one time stamp authority.
func (c cosign) timestampRoot(t *testing.T, dir, name string, tsa *testkit.TSA) {
	t.Helper()
	write(t, dir, name+".pem", tsa.Chain)
	c.must(t, dir, "trusted-root", "create", "--tsa=url=https://tsa.example.com,certificate-chain="+name+".pem", "--out", name+".json")
}

// verifyStamped demands a time stamp by an authority of the trusted root.
func (c cosign) verifyStamped(t *testing.T, dir, root, bundle string) result {
	t.Helper()
	args := []string{
		"verify-blob-attestation", "--key", "key.pub", "--bundle", bundle, "--trusted-root", root + ".json",
		"--use-signed-timestamps", "--insecure-ignore-tlog", "--type", "cyclonedx",
	}
	if c.isV2() {
		args = append(args, "--new-bundle-format")
	}
	return c.run(t, dir, append(args, "sbom.json")...)
}

// TestTimestamp has OpenSSL stamp a signature of stella's. Cosign reads the stamped
// bundle, finds the time stamp in it, and takes it from no other authority.
func TestTimestamp(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir, tsa := prepare(t), testkit.NewTSA(t)
		stellaKey(t, dir, "key", "ecdsa-p256")
		stella(t, dir, "sign", "sbom", "sbom.json", "--key", "key", "-o", "out.sigstore.json")
		stella(t, dir, "attest", "timestamp", "out.sigstore.json", "--request", "-o", "out.tsq")
		write(t, dir, "out.tsr", tsa.Reply(read(t, dir, "out.tsq"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		c.timestampRoot(t, dir, "tsa", tsa)
		c.timestampRoot(t, dir, "other", testkit.NewTSA(t))
		stella(t, dir, "attest", "timestamp", "out.sigstore.json", "--attach", "out.tsr", "--query", "out.tsq",
			"--trusted-root", "tsa.json", "-o", "stamped.sigstore.json")
		stella(t, dir, "verify", "stamped.sigstore.json", "--key", "key.pub", "--subject", "sbom.json",
			"--trusted-root", "tsa.json", "--require-timestamp", "1")

		accepted(t, c.verifyStamped(t, dir, "tsa", "stamped.sigstore.json"))
		accepted(t, c.verifyAttestation(t, dir, "key.pub", "stamped.sigstore.json", "cyclonedx", "sbom.json"))
		for root, bundle := range map[string]string{"tsa": "out.sigstore.json", "other": "stamped.sigstore.json"} {
			r := c.verifyStamped(t, dir, root, bundle)
			require.NotZero(t, r.status, "%s%s", r.stdout, r.stderr)
			require.Contains(t, r.stderr, "threshold not met for verified signed timestamps")
		}
		stellaFails(t, dir, 3, "timestamp.invalid", "attest", "timestamp", "out.sigstore.json", "--attach", "out.tsr",
			"--trusted-root", "other.json", "-o", "x.sigstore.json")
	})
}
