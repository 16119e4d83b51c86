package verify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// conformanceCase is one directory of the sigstore-conformance suite.
type conformanceCase struct {
	dir      string
	artifact string
	policy   verify.Policy
}

func fileOr(t testing.TB, path, other string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		b, err = os.ReadFile(other)
	}
	require.NoError(t, err)
	return b
}

func textOr(path, other string) string {
	if b, err := os.ReadFile(path); err == nil {
		return strings.TrimSpace(string(b))
	}
	return other
}

func newConformanceCase(t testing.TB, dir string) conformanceCase {
	t.Helper()
	c := conformanceCase{dir: dir, artifact: string(fileOr(t, filepath.Join(dir, "artifact"), filepath.Join(dir, "..", "a.txt")))}
	root, err := material.ParseRoot("trusted_root.json", fileOr(t, filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "..", "..", "trusted_root.public-good.json")))
	require.NoError(t, err)
	c.policy = verify.Policy{Root: root, Threshold: 1, At: time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)}
	if pem, err := os.ReadFile(filepath.Join(dir, "key.pub")); err == nil {
		parsed, err := keys.ParsePublic(pem)
		require.NoError(t, err)
		c.policy.Trust, err = keys.NewTrust(keys.TrustedKey{Name: "key.pub", Public: parsed[0].Key, AnyPredicateType: true})
		require.NoError(t, err)
		c.policy.Proofs.Log = 1
		return c
	}
	c.policy.Identities = []verify.Identity{{
		SubjectAlternativeName: verify.Exactly(textOr(filepath.Join(dir, "identity"),
			"https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main")),
		Issuer: verify.Exactly(textOr(filepath.Join(dir, "issuer"), "https://token.actions.githubusercontent.com")),
	}}
	return c
}

func (c conformanceCase) verify(t testing.TB, byDigest bool) (*verify.Report, error) {
	t.Helper()
	policy := c.policy
	a := verify.Artifact{Name: "artifact", Digest: map[string]string{"sha256": sum256(c.artifact)}}
	if !byDigest {
		a.Content = dsse.Bytes(c.artifact)
	}
	policy.Subjects = []verify.Artifact{a}
	e := &verify.Evidence{}
	b, err := os.ReadFile(filepath.Join(c.dir, "bundle.sigstore.json"))
	require.NoError(t, err)
	if err := e.Read("bundle.sigstore.json", strings.NewReader(string(b)), int64(len(b))); err != nil {
		return nil, err
	}
	return verify.Verify(t.Context(), e, &policy)
}

// TestConformance holds the verifier to every shared case of the
// sigstore-conformance suite, with the artifact and with its digest.
func TestConformance(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "sigstore/bundle-verify"), "*", "bundle.sigstore.json"))
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	for _, file := range dirs {
		c := newConformanceCase(t, filepath.Dir(file))
		for name, byDigest := range map[string]bool{"file": false, "digest": true} {
			t.Run(filepath.Base(c.dir)+"/"+name, func(t *testing.T) {
				r, err := c.verify(t, byDigest)
				if !strings.HasSuffix(c.dir, "_fail") {
					require.NoError(t, err)
					assert.True(t, r.Verified)
					return
				}
				require.Error(t, err)
				assert.NotEqual(t, fault.Internal, fault.ReasonOf(err), "%v", err)
				t.Logf("%s: %v", fault.ReasonOf(err), err)
			})
		}
	}
}
