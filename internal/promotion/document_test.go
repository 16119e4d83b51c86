package promotion_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// spaced is the SBOM as a file that is not in canonical form.
const spaced = "{ " + `"specVersion":"1.6", "bomFormat":"CycloneDX", "components":[{"type":"library","name":"a"}]}`

func sum(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }

// named is a subject as NAME=DIGEST.
func (w *team) sbomAbout(document string, subjects ...[2]string) *input.File {
	w.Helper()
	var list []string
	for _, s := range subjects {
		list = append(list, fmt.Sprintf(`{"digest":{"sha256":%q},"name":%q}`, s[1], s[0]))
	}
	return w.sign(fmt.Appendf(nil, `{"_type":%q,"predicate":%s,"predicateType":%q,"subject":[%s]}`,
		intoto.StatementV1, document, predicate.TypeCycloneDX, strings.Join(list, ",")), world.NoLog)
}

// TestWhichSubjectIsTheSBOM: a promoter chooses none of the images that an SBOM's
// attestation names as "the SBOM", wherever they stand and whatever else is there.
func TestWhichSubjectIsTheSBOM(t *testing.T) {
	w := newTeam(t)
	promoted, other := image().Digest["sha256"], strings.Repeat("2", 64)
	app := [2]string{"registry.example/app", promoted}
	file := [2]string{"sbom.cdx.json", sum(spaced)}
	describing := strings.Replace(sbom, `"components"`, `"metadata":{"component":{"type":"container","name":"x","hashes":[{"alg":"SHA-256","content":"`+other+`"}]}},"components"`, 1)
	for name, tt := range map[string]struct {
		document string
		subjects [][2]string
		digest   string
		want     fault.Reason
	}{
		"the file":                        {sbom, [][2]string{file, app}, file[1], ""},
		"what is embedded":                {sbom, [][2]string{file, app}, canonicalSum(t), ""},
		"another image after the file":    {sbom, [][2]string{file, app, {"registry.example/other", other}}, other, fault.PromotionMaterial},
		"another image first":             {sbom, [][2]string{{"registry.example/other", other}, app}, other, fault.PromotionMaterial},
		"another image by a short name":   {sbom, [][2]string{{"other", other}, app}, other, fault.PromotionMaterial},
		"a second file":                   {sbom, [][2]string{file, {"other.json", other}, app}, other, fault.PromotionMaterial},
		"what the SBOM itself describes":  {describing, [][2]string{{"other.json", other}, app}, other, fault.PromotionMaterial},
		"the promoted image":              {sbom, [][2]string{{"app.json", promoted}}, promoted, fault.PromotionMaterial},
		"nothing that the statement says": {sbom, [][2]string{file, app}, other, fault.PromotionMaterial},
	} {
		t.Run(name, func(t *testing.T) {
			evidence := w.sbomAbout(tt.document, tt.subjects...)
			p := w.assemble(evidence)
			p.Materials[0].Digest = tt.digest
			r, err := w.verify(w.promote(p), promotion.Demands{}, evidence)
			assert.Equal(t, tt.want, reasonOf(err), "%v", err)
			if tt.want != "" {
				assert.Equal(t, "failed promotion.material_mismatch", outcome(r, "materials"))
			}
		})
	}
}

func reasonOf(err error) fault.Reason {
	if err == nil {
		return ""
	}
	return fault.ReasonOf(err)
}

// canonicalSum is the digest of the SBOM as attestations embed it here.
func canonicalSum(t *testing.T) string {
	t.Helper()
	d, err := promotion.NewDocument(predicate.RoleSBOM, input.FromBytes("sbom", []byte(spaced)))
	require.NoError(t, err)
	require.NotEqual(t, d.SHA256, d.Canonical)
	return sum(sbom)
}

// TestSBOMOfAnotherImage: an SBOM that says itself that it describes something else is
// refused by who promotes and by who verifies, unless its signer named that as well.
func TestSBOMOfAnotherImage(t *testing.T) {
	w := newTeam(t)
	promoted, other := image().Digest["sha256"], strings.Repeat("2", 64)
	describing := func(digest string) string {
		return strings.Replace(sbom, `"components"`, `"metadata":{"component":{"type":"container","name":"x","version":"sha256:`+digest+`"}},"components"`, 1)
	}
	app, platform := [2]string{"app", promoted}, [2]string{"app", other}
	for name, tt := range map[string]struct {
		document string
		subjects [][2]string
		ok       bool
	}{
		"it describes the image":                    {describing(promoted), [][2]string{app}, true},
		"it describes the image, and none is named": {describing(promoted), [][2]string{{"sbom.json", sum(spaced)}}, true},
		"it describes another":                      {describing(other), [][2]string{app}, false},
		"it describes another, which is named":      {describing(other), [][2]string{app, platform}, true},
	} {
		t.Run(name, func(t *testing.T) {
			evidence := w.sbomAbout(tt.document, tt.subjects...)
			made, err := promotion.Assemble(t.Context(), promotion.Input{
				Image: image(), Policy: w.policy, Files: []promotion.File{{Role: predicate.RoleSBOM, File: evidence}},
				Step: predicate.Step{From: "dev", To: "prod", Actor: "release", Timestamp: "2026-11-23T08:00:00Z"},
			})
			if tt.ok {
				require.NoError(t, err)
				_, err = w.verify(w.promote(made.Predicate), promotion.Demands{}, evidence)
				require.NoError(t, err)
				return
			}
			assert.Equal(t, fault.PromotionImage, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), "says itself that it describes sha256:"+other)

			honest := w.sbomAbout(tt.document, append(tt.subjects, platform)...)
			p := w.assemble(honest)
			p.Materials[0].Attestation = payloadOf(t, w, evidence)
			p.Attestation = p.Materials[0].Attestation
			r, err := w.verify(w.promote(p), promotion.Demands{}, evidence)
			assert.Equal(t, fault.PromotionImage, fault.ReasonOf(err), "%v", err)
			assert.Equal(t, "failed promotion.image_mismatch", outcome(r, "materials"))
		})
	}
}

// payloadOf is the reference to what a bundle attests, as a promotion that rests on
// it would have it.
func payloadOf(t *testing.T, w *team, evidence *input.File) *predicate.AttestationRef {
	t.Helper()
	made, err := promotion.Assemble(t.Context(), promotion.Input{
		Image: intoto.Subject{Name: "x", Digest: map[string]string{"sha256": strings.Repeat("2", 64)}}, Policy: w.policy,
		Files: []promotion.File{{Role: predicate.RoleSBOM, File: evidence}},
		Step:  predicate.Step{From: "dev", To: "prod", Actor: "release", Timestamp: "2026-11-23T08:00:00Z"},
	})
	require.NoError(t, err)
	return made.Predicate.Attestation
}

// TestDocumentUnderAnyName: the file that an attestation was made from is its document,
// whatever it is called now, and its digest is recorded only if the attestation has it.
func TestDocumentUnderAnyName(t *testing.T) {
	w := newTeam(t)
	for name, tt := range map[string]struct {
		subject string
		want    string
	}{"named": {"sbom.cdx.json", sum(spaced)}, "not named as a file": {"bill", sum(sbom)}} {
		t.Run(name, func(t *testing.T) {
			evidence := w.sbomAbout(sbom, [2]string{tt.subject, sum(spaced)}, [2]string{"app", image().Digest["sha256"]})
			p := w.assemble(evidence, input.FromBytes("bill", []byte(spaced)))
			require.Len(t, p.Materials, 1)
			assert.Equal(t, tt.want, p.Materials[0].Digest)
			document, err := promotion.NewDocument(predicate.RoleSBOM, input.FromBytes("copy", []byte(spaced)))
			require.NoError(t, err)
			_, err = w.verify(w.promote(p), promotion.Demands{Documents: []promotion.Document{document}}, evidence)
			require.NoError(t, err)
			other, err := promotion.NewDocument(predicate.RoleSBOM, input.FromBytes("copy", []byte(`{"a":1}`)))
			require.NoError(t, err)
			_, err = w.verify(w.promote(p), promotion.Demands{Documents: []promotion.Document{other}}, evidence)
			assert.Equal(t, fault.PromotionMaterial, fault.ReasonOf(err))
		})
	}
}
