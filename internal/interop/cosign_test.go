//go:build interop

package interop

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world/oracle"
)

// cosign is one major version of the real program. The flags are those that
// work without a network; the two majors want different ones.
type cosign struct{ name string }

// eachCosign runs a test with both majors.
func eachCosign(t *testing.T, test func(t *testing.T, c cosign)) {
	t.Helper()
	for _, name := range []string{oracle.CosignV2, oracle.CosignV3} {
		t.Run(name, func(t *testing.T) { test(t, cosign{name}) })
	}
}

func (c cosign) isV2() bool { return c.name == oracle.CosignV2 }

func (c cosign) run(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return run(t, dir, program(t, ".cache", "oracles", c.name), args...)
}

func (c cosign) must(t *testing.T, dir string, args ...string) {
	t.Helper()
	r := c.run(t, dir, args...)
	require.Zero(t, r.status, "%s %q\n%s%s", c.name, args, r.stdout, r.stderr)
}

// newKey makes cosign.key and cosign.pub in dir: cosign's own ECDSA P-256.
func (c cosign) newKey(t *testing.T, dir string) {
	t.Helper()
	c.must(t, dir, "generate-key-pair")
}

// importKey makes cosign.key and cosign.pub in dir of a private key in PEM.
func (c cosign) importKey(t *testing.T, dir, pem string) {
	t.Helper()
	c.must(t, dir, "import-key-pair", "--yes", "--key", pem, "--output-key-prefix", "cosign")
}

// signing are the flags without which a signing command dials.
func (c cosign) signing(bundle string) []string {
	flags := []string{"--yes", "--key", "cosign.key", "--tlog-upload=false", "--bundle", bundle}
	if c.isV2() {
		return append(flags, "--new-bundle-format")
	}
	return append(flags, "--use-signing-config=false")
}

func (c cosign) signBlob(t *testing.T, dir, file, bundle string) {
	t.Helper()
	c.must(t, dir, append(append([]string{"sign-blob"}, c.signing(bundle)...), file)...)
}

func (c cosign) attest(t *testing.T, dir, predicate, kind, subject, bundle string) {
	t.Helper()
	args := append([]string{"attest-blob", "--predicate", predicate, "--type", kind}, c.signing(bundle)...)
	c.must(t, dir, append(args, subject)...)
}

// verifying are the flags without which a verifying command dials.
func (c cosign) verifying(t *testing.T, dir, key, bundle string) []string {
	t.Helper()
	flags := []string{"--key", key, "--bundle", bundle, "--insecure-ignore-tlog"}
	if c.isV2() {
		c.must(t, dir, "trusted-root", "create", "--out", "empty.json")
		return append(flags, "--new-bundle-format", "--trusted-root", "empty.json")
	}
	return flags
}

func (c cosign) verifyBlob(t *testing.T, dir, key, bundle, file string) result {
	t.Helper()
	return c.run(t, dir, append(append([]string{"verify-blob"}, c.verifying(t, dir, key, bundle)...), file)...)
}

func (c cosign) verifyAttestation(t *testing.T, dir, key, bundle, kind, subject string) result {
	t.Helper()
	args := append([]string{"verify-blob-attestation", "--type", kind}, c.verifying(t, dir, key, bundle)...)
	return c.run(t, dir, append(args, subject)...)
}

// verifyEnvelope checks a bare DSSE envelope: the way for evidence with
// several signatures.
func (c cosign) verifyEnvelope(t *testing.T, dir, key, envelope, kind, subject string) result {
	t.Helper()
	return c.run(t, dir, "verify-blob-attestation", "--key", key, "--signature", envelope,
		"--type", kind, "--insecure-ignore-tlog", subject)
}

// accepted wants cosign's consent, said in words as well as by its status.
func accepted(t *testing.T, r result) {
	t.Helper()
	require.Zero(t, r.status, "%s%s", r.stdout, r.stderr)
	assert.Contains(t, r.stdout+r.stderr, "Verified OK")
}

// refused wants cosign's refusal for this reason: a refusal for any other (a
// flag, a file) would prove nothing.
func refused(t *testing.T, r result, reason string) {
	t.Helper()
	require.NotZero(t, r.status, "accepted: %s%s", r.stdout, r.stderr)
	assert.Contains(t, r.stderr, reason)
}
