package verify_test

import (
	"context"
	"io/fs"
	"iter"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// keyless is the policy for what the world's default identity signed, with a log
// entry and a signed certificate timestamp demanded.
func keyless(t testing.TB, w *world.World, artifact []byte) *verify.Policy {
	t.Helper()
	root, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	return &verify.Policy{
		Threshold: 1, At: w.Clock.Now(), Root: root,
		Identities: []verify.Identity{{
			SubjectAlternativeName: verify.Exactly(world.DefaultIdentity), Issuer: verify.Exactly(world.DefaultIssuer),
		}},
		Proofs:   verify.Proofs{Log: 1, SCT: 1},
		Subjects: []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(artifact)}},
	}
}

// holds wants evidence to be verified by the policy and to be refused for another
// artifact.
func holds(t *testing.T, e *verify.Evidence, p *verify.Policy, shapes ...string) {
	t.Helper()
	r, err := verify.Verify(t.Context(), e, p)
	require.NoError(t, err)
	var found []string
	for _, result := range r.Results {
		for _, source := range result.Evidence {
			found = append(found, source.Shape)
		}
	}
	assert.Equal(t, shapes, found)

	other := *p
	other.Subjects = []verify.Artifact{{Name: "other", Content: dsse.Bytes("another artifact")}}
	_, err = verify.Verify(t.Context(), e, &other)
	assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
}

// TestKeylessForms verifies keyless evidence in every form, with all that cosign,
// registries and forges keep beside it.
func TestKeylessForms(t *testing.T) {
	w, artifact := world.New(t.Name()), []byte(world.DefaultArtifact)
	policy := keyless(t, w, artifact)
	stamped := *policy
	stamped.Proofs.Timestamp = 1
	github := w.GitHub(world.Options{}, world.Options{Log: world.LogV2})
	tests := map[string]struct {
		in     []byte
		policy *verify.Policy
		shapes []string
	}{
		"cosign bundle":    {w.CosignBundle(world.Options{Content: world.Message}), policy, []string{"cosign bundle"}},
		"cosign envelope":  {w.CosignBundle(world.Options{Content: world.Statement}), policy, []string{"cosign bundle with an envelope"}},
		"GitHub":           {github, &stamped, []string{"Sigstore bundle v0.3, in a GitHub attestation list", "Sigstore bundle v0.3, in a GitHub attestation list"}},
		"PyPI attestation": {w.PyPIAttestation("app.whl", artifact), policy, []string{"PEP 740 attestation"}},
		"PyPI provenance":  {w.PyPIProvenance("app.whl", artifact), policy, []string{"PEP 740 attestation, in a provenance object"}},
		"RubyGems":         {[]byte("[" + string(w.Bundle(world.Options{})) + "]"), &stamped, []string{"Sigstore bundle v0.3, in a list"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { holds(t, read(t, tt.in), tt.policy, tt.shapes...) })
	}
}

// npm's list holds a statement by the registry's key beside the keyless one: both
// must be trusted.
func TestNPM(t *testing.T) {
	w, artifact := world.New(t.Name()), []byte("a tarball")
	_, ofKey := keyEvidence(t, w, world.Options{})
	policy := keyless(t, w, artifact)
	e := read(t, w.NPM(artifact))
	_, err := verify.Verify(t.Context(), e, policy)
	assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
	policy.Trust = ofKey.Trust
	policy.Proofs = verify.Proofs{Log: 1}
	holds(t, e, policy, "Sigstore bundle v0.2, in an npm attestation list", "Sigstore bundle v0.2, in an npm attestation list")
}

// TestDetachedForms gives a signature what lies beside it in files of its own.
func TestDetachedForms(t *testing.T) {
	w := world.New(t.Name())
	d := w.Detached(world.Options{})
	policy := keyless(t, w, d.Artifact)
	policy.Proofs, policy.AllowNoLogUnsafe = verify.Proofs{SCT: 1, Timestamp: 1}, true
	items, _, err := bundle.Read(input.FromBytes("sig", d.Signature))
	require.NoError(t, err)
	signature := items[0].Blob.Signature
	response := w.TSA.Stamp(signature, world.Stamp{})
	beside := func(certificate, response []byte) *verify.Evidence {
		e := &verify.Evidence{}
		require.NoError(t, e.ReadBeside(input.FromBytes("sig", d.Signature), bundle.Beside{
			Certificate: input.FromBytes("cert", certificate), Timestamp: input.FromBytes("ts", response),
		}))
		return e
	}
	for name, certificate := range map[string][]byte{"PEM": d.Certificate, "base64": d.CertificateBase64} {
		t.Run(name, func(t *testing.T) { holds(t, beside(certificate, response), policy, "detached signature") })
	}
	t.Run("time stamp over another", func(t *testing.T) {
		_, err := verify.Verify(t.Context(), beside(d.Certificate, w.TSA.Stamp(append(signature, 0), world.Stamp{})), policy)
		assert.Equal(t, fault.TimestampInvalid, fault.ReasonOf(err), "%v", err)
	})
	t.Run("without a time", func(t *testing.T) {
		e := &verify.Evidence{}
		require.NoError(t, e.ReadBeside(input.FromBytes("sig", d.Signature), bundle.Beside{Certificate: input.FromBytes("cert", d.Certificate)}))
		bare := *policy
		bare.Proofs = verify.Proofs{SCT: 1}
		bare.At = w.Clock.Now().AddDate(1, 0, 0)
		_, err := verify.Verify(t.Context(), e, &bare)
		assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
	})
}

// layouts are Inputs that are image layouts.
type layouts [][]bundle.Item

func (l layouts) Pieces(context.Context, bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		for i := range l {
			if !yield(verify.Piece{Name: "layout", Named: true, Place: verify.Place{Off: int64(i)}}) {
				return
			}
		}
	}
}

func (l layouts) Open(p *verify.Piece) (verify.Content, error) {
	return layout{input.FromBytes("layout", nil), l[p.Place.Off]}, nil
}

type layout struct {
	*input.File
	items []bundle.Item
}

func (l layout) Evidence() ([]bundle.Item, []verify.Ignored) { return l.items, nil }

// readLayout writes a layout to a disk, adds its evidence about an image, and returns it.
func readLayout(t *testing.T, e *verify.Evidence, files fs.FS, digest string) []bundle.Item {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	l, err := oci.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	require.NoError(t, e.ReadLayout(l, digest))
	found, err := l.Evidence(digest)
	require.NoError(t, err)
	return found.Items
}

// TestLayoutForms verifies what is attached to an image in each way that tools
// leave it on a disk, with log entries and time stamps: cosign's over an
// attestation covers the whole envelope.
func TestLayoutForms(t *testing.T) {
	signed := []string{"cosign image signature", "cosign image attestation"}
	bundles := []string{"Sigstore bundle v0.3, attached to an image", "Sigstore bundle v0.3, attached to an image"}
	for name, tt := range map[string]struct {
		carrier world.Carrier
		shapes  []string
	}{
		"tags": {world.Tags, signed}, "cosign save": {world.CosignSave, signed},
		"referrers": {world.Referrers, bundles}, "loose referrers": {world.LooseReferrers, bundles},
	} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t.Name())
			files, digest := w.Layout(tt.carrier, world.Options{})
			e := &verify.Evidence{}
			readLayout(t, e, files, digest)
			policy := keyless(t, w, files["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")].Data)
			policy.Proofs.Timestamp = 1
			holds(t, e, policy, tt.shapes...)
		})
	}
}

// TestImageSigners: signatures of one image by several keys add up to a threshold,
// wherever they lie.
func TestImageSigners(t *testing.T) {
	w, e := world.New(t.Name()), &verify.Evidence{}
	var trusted []keys.TrustedKey
	var image []byte
	var streamed layouts
	for _, name := range []string{"first", "second"} {
		key := newKey(t, name, keys.ECDSAP256)
		files, digest := w.Layout(world.Tags, world.Options{Signer: world.Key, SigningKey: key.private, Log: world.NoLog, NoTimestamp: true})
		streamed = append(streamed, readLayout(t, e, files, digest))
		image = files["blobs/sha256/"+strings.TrimPrefix(digest, "sha256:")].Data
		trusted = append(trusted, keys.TrustedKey{Name: name, Public: key.private.Public(), AnyPredicateType: true})
	}
	policy := func(threshold int, trusted ...keys.TrustedKey) *verify.Policy {
		trust, err := keys.NewTrust(trusted...)
		require.NoError(t, err)
		return &verify.Policy{
			Threshold: threshold, At: w.Clock.Now(), Trust: trust,
			Subjects: []verify.Artifact{{Name: "image", Content: dsse.Bytes(image)}},
		}
	}
	holds(t, e, policy(2, trusted...), "cosign image signature", "cosign image signature", "cosign image attestation", "cosign image attestation")

	r, err := verify.Verify(t.Context(), e, policy(1, trusted[0]))
	assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "%v", err)
	assert.False(t, r.Verified)

	// Of an image signature nothing holds: it has no statement, and no predicate in which
	// something could be missing.
	ruled := policy(2, trusted...)
	ruled.RuleSets = []verify.RuleSet{{Rules: []verify.Rule{{Name: "r", Subjects: []verify.SubjectMatch{{Name: verify.AnyUnsafe()}}}}}}
	holds(t, e, ruled, "cosign image signature", "cosign image signature", "cosign image attestation", "cosign image attestation")
	ruled.RuleSets[0].Rules[0].Conditions = []verify.Condition{says{nil}}
	r, err = verify.Verify(t.Context(), e, ruled)
	assert.Equal(t, fault.PolicyCondition, fault.ReasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "there is no statement")
	assert.Equal(t, verify.Failed, status(r.Results[0])["conditions"])
	assert.Equal(t, verify.Passed, status(r.Results[1])["conditions"])
	r, err = stream(t, streamed, ruled, verify.StreamOptions{})
	assert.Equal(t, fault.PolicyCondition, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, verify.Failed, status(r.Results[0])["conditions"])

	typed := policy(1, trusted...)
	typed.PredicateType = "https://slsa.dev/provenance/v1"
	r, err = verify.Verify(t.Context(), e, typed)
	require.NoError(t, err, "an image signature has no type, and is not considered")
	require.Len(t, r.Results, 1)
	assert.Len(t, r.Results[0].Evidence, 2)
	require.Len(t, r.Ignored, 2)
	assert.Equal(t, fault.PredicateType, r.Ignored[0].Reason)

	typed.PredicateType = "https://example.com/other"
	r, err = verify.Verify(t.Context(), e, typed)
	assert.Equal(t, fault.PredicateType, fault.ReasonOf(err), "%v", err)
	assert.Len(t, r.Results, 2, "nothing is of the type, so all says why")
	assert.Empty(t, r.Ignored)
}
