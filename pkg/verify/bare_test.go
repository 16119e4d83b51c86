package verify_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestBareByDigest judges signatures over bare bytes by the digest that their bundles
// name, which is not signed by itself.
func TestBareByDigest(t *testing.T) {
	ann, bob := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519)
	text := func(s string) []byte {
		sum, err := hex.DecodeString(sum256(s))
		require.NoError(t, err)
		return []byte(base64.StdEncoding.EncodeToString(sum))
	}
	judge := func(evidenceText []byte, k key, subjects ...verify.Artifact) (*verify.Report, error) {
		p := &verify.Policy{Trust: trust(t, k), Threshold: 1, At: now(), BareByDigest: true, Subjects: subjects}
		return verify.Verify(context.Background(), evidence(t, evidenceText), p)
	}
	r, err := judge(sealedBlob(t, "app", ann), ann)
	require.NoError(t, err)
	assert.Equal(t, sum256("app"), r.Results[0].Artifact)

	r, err = judge(bytes.Replace(sealedBlob(t, "other", ann), text("other"), text("app"), 1), ann)
	assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "%v", err)
	assert.Empty(t, r.Results[0].Artifact)

	_, err = judge(sealedBlob(t, "app", bob), bob)
	assert.Equal(t, fault.SubjectRequired, fault.ReasonOf(err), "a key that signs no digest: %v", err)

	_, err = judge(sealedBlob(t, "app", ann), ann, verify.Artifact{Name: "other", Digest: map[string]string{"sha256": sum256("other")}})
	assert.Equal(t, fault.SubjectMismatch, fault.ReasonOf(err), "what is demanded goes first: %v", err)
}
