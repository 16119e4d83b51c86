package forensic

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/spill"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
)

// forge returns a document that holds a genuine bundle over the statement of good for
// who looks at its first member, and for others the statement of forged, which nobody
// signed.
func (d *desk) forge(good, forged dsse.Message) string {
	d.t.Helper()
	text := func(m dsse.Message) []byte {
		r := dsse.NewReader(m)
		defer r.Close()
		b := make([]byte, m.Size())
		_, err := r.Read(b)
		require.NoError(d.t, err)
		return b
	}
	form, err := bundle.NewForm(d.signer)
	require.NoError(d.t, err)
	signature, err := d.signer.Sign(d.t.Context(), good)
	require.NoError(d.t, err)
	signature.KeyID = ""
	genuine, err := form.Append(nil, good.PayloadType(), text(good), signature)
	require.NoError(d.t, err)
	return fmt.Sprintf(`{"attestations":[{"bundle":%s}],"payload":%q,"payloadType":%q,"signatures":[{"sig":"AAAA"}]}`,
		strings.TrimSpace(string(genuine)), base64.StdEncoding.EncodeToString(text(forged)), forged.PayloadType())
}

// TestForgery has one genuine signature stand for another snapshot than it is over: no
// two readers of an envelope may differ on what it says.
func TestForgery(t *testing.T) {
	d := newDesk(t)
	inputs, _ := d.aCase()
	draft := func(caseID string, inputs ...string) *Draft {
		o := d.options("")
		o.Case = caseID
		draft, err := NewDraft(t.Context(), inputs, o)
		require.NoError(t, err)
		t.Cleanup(draft.Close)
		return draft
	}
	good, evil := draft("CASE-7", inputs...), draft("OTHER-CASE", d.write("evil.txt", "evil"))
	forged := d.forge(good.Message, evil.Message)

	var m members
	require.NoError(t, evil.Write(&m, d.sign(evil.Message)))
	p, err := d.prove(m, "files/evil.txt")
	require.NoError(t, err)
	p.Signature = []byte(forged)
	s := &seen{}
	whole, err := VerifyProof(t.Context(), p, VerifyOptions{Name: "proof.json", Case: "OTHER-CASE", Policy: d.policy},
		&verify.Artifact{Name: "evil.txt", Digest: map[string]string{"sha256": p.Entry.SHA256}}, s)
	assert.Nil(t, whole)
	assert.Equal(t, fault.EnvelopeMalformed, fault.ReasonOf(err), "%v", err)

	m = m.with(SignatureName, func(string) string { return forged })
	v, s, err := d.judge(t.Context(), m.tar(), "OTHER-CASE")
	require.NoError(t, err)
	assert.False(t, v.Whole.Verified)
	assert.Equal(t, []string{SignatureName + " evidence envelope.malformed"}, s.failures())

	_, err = d.prove(m, "files/evil.txt")
	assert.Equal(t, fault.EnvelopeMalformed, fault.ReasonOf(err))
}

// TestSignatureElsewhere is about a signature that is anywhere but behind the manifest.
func TestSignatureElsewhere(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)
	m := append(good.without(SignatureName), good[good.index(SignatureName)])
	v, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.False(t, v.Whole.Verified)
	assert.Equal(t, []string{SignatureName + " entry snapshot.unlisted", SignatureName + " signature signature.missing"}, s.failures())
}

// TestBadEvidenceUnderAnotherName is about broken evidence that looks like the manifest
// of an image, and about such manifests.
func TestBadEvidenceUnderAnotherName(t *testing.T) {
	d := newDesk(t)
	d.attest("good.dsse.json", "app", "the app")
	good, err := os.ReadFile(d.path("good.dsse.json"))
	require.NoError(t, err)
	bad := strings.Replace(string(good), "eyJ", "eyK", 1)
	padding := `{"schemaVersion":2,"padding":"` + strings.Repeat("x", 600) + `",`
	list := padding + `"attestations":[{"bundle":{}}]}`
	manifest := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
	for name, tt := range map[string]struct {
		path, content string
		want          []string
	}{
		"attestation":            {"attestations/x/index.json", strings.Replace(bad, "{", padding, 1), []string{"attestations/x/index.json signature signature.mismatch"}},
		"list":                   {"attestations/x/manifest.json", list, []string{"attestations/x/manifest.json evidence bundle.malformed"}},
		"file":                   {"files/x/index.json", strings.Replace(bad, "{", padding, 1), []string{"files/x/index.json signature signature.mismatch"}},
		"blob":                   {"files/x/blobs/sha256/" + strings.Repeat("0", 64), list, []string{"files/x/blobs/sha256/" + strings.Repeat("0", 64) + " evidence bundle.malformed"}},
		"manifest of an image":   {"files/x/index.json", manifest, nil},
		"manifest by other name": {"files/x/image", manifest, nil},
		"among the attestations": {"attestations/x/index.json", manifest, nil},
	} {
		t.Run(name, func(t *testing.T) {
			draft := &Draft{sorter: spill.NewSorter("entries", collectMemory), inline: make(map[string][]byte)}
			defer draft.Close()
			require.NoError(t, draft.addInline(tt.path, []byte(tt.content)))
			o := d.options("")
			require.NoError(t, draft.summarise(&o))
			var m members
			require.NoError(t, draft.Write(&m, d.sign(draft.Message)))
			v, s, err := d.judge(t.Context(), m.tar(), "")
			require.NoError(t, err)
			assert.Equal(t, tt.want, s.failures())
			assert.Equal(t, tt.want == nil, v.Whole.Verified)
			if name == "among the attestations" {
				assert.Len(t, s.ignored, 1)
			} else {
				assert.Empty(t, s.ignored)
			}
		})
	}
}
