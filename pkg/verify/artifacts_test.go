package verify_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// detached signs an artifact as openssl and cosign do: the signature alone, in base64.
func detached(t testing.TB, artifact string, k key) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(artifact))
	signature, err := k.private.Sign(rand.Reader, sum[:], crypto.SHA256)
	require.NoError(t, err)
	return []byte(base64.StdEncoding.EncodeToString(signature))
}

// TestEveryDemandedArtifactHasItsEvidence gives evidence about one or two artifacts in
// every form and number, and demands one or more.
func TestEveryDemandedArtifactHasItsEvidence(t *testing.T) {
	ann, pure := newKey(t, "ann", keys.ECDSAP256), newKey(t, "pure", keys.Ed25519)
	lib := intoto.Subject{Name: "lib", Digest: map[string]string{"sha256": sum256("lib")}}
	about := func(contents ...string) (out []verify.Artifact) {
		for _, c := range contents {
			out = append(out, verify.Artifact{Name: c, Content: dsse.Bytes(c)})
		}
		return out
	}
	byDigest := verify.Artifact{Name: "by digest", Digest: map[string]string{"sha256": sum256("app")}}
	app, other := sealed(t, statement(t, appSubject()), ann), sealed(t, statement(t, lib), ann)
	blob, otherBlob := sealedBlob(t, "app", ann), sealedBlob(t, "lib", ann)
	for _, row := range []struct {
		name     string
		evidence [][]byte
		demanded []verify.Artifact
		want     fault.Reason
	}{
		{"bundle", [][]byte{blob}, about("app"), ""},
		{"bundle, and one more", [][]byte{blob}, about("app", "lib"), fault.SubjectMismatch},
		{"bundle, and one more before", [][]byte{blob}, about("lib", "app"), fault.SubjectMismatch},
		{"bundle, and two more", [][]byte{blob}, about("lib", "app", "third"), fault.SubjectMismatch},
		{"bundle of a key that signs all of the artifact", [][]byte{sealedBlob(t, "app", pure)}, about("app", "lib"), fault.SubjectMismatch},
		{"bundle twice", [][]byte{blob, blob}, about("app", "lib"), fault.SubjectMismatch},
		{"a bundle for each", [][]byte{blob, otherBlob}, about("app", "lib"), ""},
		{"detached", [][]byte{detached(t, "app", ann)}, about("app"), ""},
		{"detached, and one more", [][]byte{detached(t, "app", ann)}, about("app", "lib"), fault.SubjectMismatch},
		{"a detached one for each", [][]byte{detached(t, "app", ann), detached(t, "lib", ann)}, about("app", "lib"), ""},
		{"statement", [][]byte{app}, about("app", "lib"), fault.SubjectMismatch},
		{"statement twice", [][]byte{app, app}, about("app", "lib"), fault.SubjectMismatch},
		{"statement about both", [][]byte{sealed(t, statement(t, appSubject(), lib), ann)}, about("app", "lib"), ""},
		{"a statement for each", [][]byte{app, other}, about("app", "lib"), ""},
		{"statement and bundle", [][]byte{app, otherBlob}, about("app", "lib"), ""},
		{"neither statement nor bundle", [][]byte{app, blob}, about("app", "lib"), fault.SubjectMismatch},
		{"bundle, two names for the bytes", [][]byte{blob}, append(about("app"), byDigest, about("app")[0]), ""},
		{"detached, two names for the bytes", [][]byte{detached(t, "app", ann)}, append(about("app"), byDigest), ""},
		{"statement, two names for the bytes", [][]byte{app}, append(about("app"), byDigest), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			policy := &verify.Policy{Trust: trust(t, ann, pure), Threshold: 1, At: now(), Subjects: row.demanded}
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence...), policy)
			require.NotNil(t, r)
			assertVerdict(t, row.want, r, err)
			for _, o := range []verify.StreamOptions{{}, {Together: true}, {Expect: len(row.evidence)}} {
				var in files
				for _, content := range row.evidence {
					in = append(in, file{name: "x.sig", content: string(content), named: true})
				}
				r, err := stream(t, in, policy, o)
				require.NotNil(t, r)
				assertVerdict(t, row.want, r, err)
			}
		})
	}
}

// assertVerdict wants a reason, or that all is verified.
func assertVerdict(t *testing.T, want fault.Reason, r *verify.Report, err error) {
	t.Helper()
	assert.Equal(t, want, r.Reason, "%v", err)
	assert.Equal(t, want == "", r.Verified)
	if want == "" {
		require.NoError(t, err)
		assert.Equal(t, fault.ExitOK, r.Exit)
		return
	}
	assert.Equal(t, want, fault.ReasonOf(err))
	assert.Equal(t, want.Exit(), r.Exit)
}
