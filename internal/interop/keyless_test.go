//go:build interop

package interop

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// laid writes evidence into a directory.
func laid(t *testing.T, e *world.Evidence) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "bundle.json", e.Bundle)
	write(t, dir, "trusted_root.json", e.TrustedRoot)
	write(t, dir, "artifact", e.Artifact)
	write(t, dir, "key.pub", e.Demand.PublicKey)
	return dir
}

// signer are the flags that both programs know by the same names.
func signer(e *world.Evidence) []string {
	flags := []string{"--trusted-root", "trusted_root.json"}
	if e.Demand.Identity == "" {
		return append(flags, "--key", "key.pub")
	}
	return append(flags, "--certificate-identity", e.Demand.Identity, "--certificate-oidc-issuer", e.Demand.Issuer)
}

// provenance is the type of the world's statements.
const provenance = "https://slsa.dev/provenance/v1"

// isMessage reports whether the signature is over the artifact itself.
func isMessage(e *world.Evidence) bool { return bytes.Contains(e.Bundle, []byte(`"messageSignature"`)) }

// verifyWorld asks cosign for all that the evidence in dir is made to have.
func (c cosign) verifyWorld(t *testing.T, dir string, e *world.Evidence, message bool) result {
	t.Helper()
	args := []string{"verify-blob-attestation", "--type", provenance}
	if message {
		args = []string{"verify-blob"}
	}
	args = append(append(args, signer(e)...), "--bundle", "bundle.json")
	for _, flag := range []struct {
		name   string
		wanted bool
	}{
		{"--use-signed-timestamps", e.Demand.Timestamps > 0},
		{"--insecure-ignore-tlog", e.Demand.Logs == 0},
		{"--insecure-ignore-sct", e.Demand.SCTs == 0},
		{"--new-bundle-format", c.isV2()},
	} {
		if flag.wanted {
			args = append(args, flag.name)
		}
	}
	return c.run(t, dir, append(args, "artifact")...)
}

// TestKeyless gives the same keyless evidence to stella and to both cosigns.
func TestKeyless(t *testing.T) {
	for name, o := range map[string]world.Options{
		"statement": {}, "message": {Content: world.Message}, "rekor v2": {Log: world.LogV2},
	} {
		t.Run(name, func(t *testing.T) {
			e := world.New("interop").Evidence(o)
			dir := laid(t, e)
			stella(t, dir, append([]string{"verify", "bundle.json", "--subject", "artifact"}, signer(e)...)...)
			eachCosign(t, func(t *testing.T, c cosign) {
				accepted(t, c.verifyWorld(t, dir, e, isMessage(e)))
			})
		})
	}
}

// inProcess verifies evidence by the demands that verifyWorld makes, without starting
// a program for it.
func inProcess(t *testing.T, e *world.Evidence, message bool) error {
	t.Helper()
	root, err := material.ParseRoot("trusted_root.json", e.TrustedRoot)
	require.NoError(t, err)
	d := e.Demand
	policy := &verify.Policy{
		Root: root, Threshold: 1, At: e.At,
		Proofs:           verify.Proofs{Log: d.Logs, Timestamp: d.Timestamps, SCT: d.SCTs},
		AllowNoLogUnsafe: d.Logs == 0, AllowNoSCTUnsafe: d.SCTs == 0,
		Subjects: []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(e.Artifact)}},
	}
	if !message {
		policy.PredicateType = provenance
	}
	if d.Identity != "" {
		policy.Identities = []verify.Identity{{SubjectAlternativeName: verify.Exactly(d.Identity), Issuer: verify.Exactly(d.Issuer)}}
	} else {
		parsed, err := keys.ParsePublic(d.PublicKey)
		require.NoError(t, err)
		policy.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "key", Public: parsed[0].Key, AnyPredicateType: true})
		require.NoError(t, err)
	}
	evidence := &verify.Evidence{}
	if err := evidence.Read("bundle.json", bytes.NewReader(e.Bundle), int64(len(e.Bundle))); err != nil {
		return err
	}
	_, err = verify.Verify(t.Context(), evidence, policy)
	return err
}
