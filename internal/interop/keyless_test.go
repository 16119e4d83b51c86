//go:build interop

package interop

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// keyless is evidence by a certificate with a log entry and a time stamp, in a
// directory.
func keyless(t *testing.T, o world.Options) (dir string, e *world.Evidence) {
	t.Helper()
	dir = t.TempDir()
	e = world.New("interop").Evidence(o)
	write(t, dir, "bundle.json", e.Bundle)
	write(t, dir, "trusted_root.json", e.TrustedRoot)
	write(t, dir, "artifact", e.Artifact)
	return dir, e
}

// identity are the flags that both programs know by the same names.
func identity(e *world.Evidence) []string {
	return []string{
		"--trusted-root", "trusted_root.json",
		"--certificate-identity", e.Demand.Identity, "--certificate-oidc-issuer", e.Demand.Issuer,
	}
}

// verifyKeyless verifies a bundle with cosign.
func (c cosign) verifyKeyless(t *testing.T, dir string, e *world.Evidence, bundle string, message bool) result {
	t.Helper()
	args := append([]string{"verify-blob-attestation", "--type", "https://slsa.dev/provenance/v1"}, identity(e)...)
	if message {
		args = append([]string{"verify-blob"}, identity(e)...)
	}
	if c.isV2() {
		args = append(args, "--new-bundle-format")
	}
	return c.run(t, dir, append(args, "--use-signed-timestamps", "--bundle", bundle, "artifact")...)
}

// TestKeyless gives the same keyless evidence to stella and to both cosigns.
func TestKeyless(t *testing.T) {
	for name, o := range map[string]world.Options{
		"statement": {}, "message": {Content: world.Message}, "rekor v2": {Log: world.LogV2},
	} {
		t.Run(name, func(t *testing.T) {
			dir, e := keyless(t, o)
			stella(t, dir, append([]string{"verify", "bundle.json", "--subject", "artifact"}, identity(e)...)...)
			eachCosign(t, func(t *testing.T, c cosign) {
				accepted(t, c.verifyKeyless(t, dir, e, "bundle.json", o.Content == world.Message))
			})
		})
	}
}

// inProcess verifies a bundle without starting a program for it.
func inProcess(t *testing.T, e *world.Evidence, bundle []byte) error {
	t.Helper()
	root, err := material.ParseRoot("trusted_root.json", e.TrustedRoot)
	require.NoError(t, err)
	evidence := &verify.Evidence{}
	if err := evidence.Read("bundle.json", bytes.NewReader(bundle), int64(len(bundle))); err != nil {
		return err
	}
	_, err = verify.Verify(t.Context(), evidence, &verify.Policy{
		Root: root, Threshold: 1, At: e.At, Proofs: verify.Proofs{Timestamp: 1},
		Identities: []verify.Identity{{SubjectAlternativeName: verify.Exactly(e.Demand.Identity), Issuer: verify.Exactly(e.Demand.Issuer)}},
		Subjects:   []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(e.Artifact)}},
	})
	return err
}

// TestCosignAcceptsWhatStellaAccepts flips one bit in every byte of a keyless
// bundle. What stella still accepts, cosign has to accept.
func TestCosignAcceptsWhatStellaAccepts(t *testing.T) {
	dir, e := keyless(t, world.Options{})
	require.NoError(t, inProcess(t, e, e.Bundle))
	asked := 0
	for i := range e.Bundle {
		changed := bytes.Clone(e.Bundle)
		changed[i] ^= 1 << (i % 8)
		if inProcess(t, e, changed) != nil {
			continue
		}
		asked++
		write(t, dir, "changed.json", changed)
		r := cosign{"cosign-v3"}.verifyKeyless(t, dir, e, "changed.json", false)
		assert.Zero(t, r.status, "byte %d: %s\n%s", i, r.stderr, changed)
	}
	assert.NotZero(t, asked, "no change was accepted, so cosign was asked nothing")
}
