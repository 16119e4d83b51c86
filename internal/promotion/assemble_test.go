package promotion_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
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

const vex = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://vex.example/1","author":"a","timestamp":"2026-11-23T08:00:00Z","version":1,"statements":[]}`

// vexAbout is an attested VEX document about something by its digest.
func (w *team) vexAbout(digest string) *input.File {
	w.Helper()
	return w.sign(fmt.Appendf(nil, `{"_type":%q,"predicate":%s,"predicateType":%q,"subject":[{"digest":{"sha256":%q},"name":"x"}]}`,
		intoto.StatementV1, vex, predicate.TypeOpenVEX, digest), world.NoLog)
}

// TestAboutTheImage: what may be promoted is what verifies, by one rule. Evidence is about
// the image, or about the SBOM that is promoted with it.
func TestAboutTheImage(t *testing.T) {
	w := newTeam(t)
	bill := w.sbom(world.NoLog)
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(sbom)))
	good := w.assemble(bill)
	for name, tt := range map[string]struct {
		digest string
		sbom   bool
		want   bool
	}{
		"image":         {image().Digest["sha256"], false, true},
		"its SBOM":      {sum, true, true},
		"SBOM not here": {sum, false, false},
		"another":       {strings.Repeat("2", 64), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			evidence := w.vexAbout(tt.digest)
			in := promotion.Input{
				Image: image(), Policy: w.policy, Files: []promotion.File{{Role: predicate.RoleVEX, File: evidence}},
				Step: good.Promotion,
			}
			if tt.sbom {
				in.Files = append(in.Files, promotion.File{Role: predicate.RoleSBOM, File: bill})
			}
			_, err := promotion.Assemble(t.Context(), in)
			if !tt.want {
				assert.Equal(t, fault.PromotionImage, fault.ReasonOf(err), "%v", err)
			} else {
				require.NoError(t, err)
			}

			r, err := w.verify(w.promote(w.byHand(good, tt.sbom, tt.digest, evidence)), promotion.Demands{}, bill, evidence)
			if !tt.want {
				assert.Equal(t, fault.PromotionImage, fault.ReasonOf(err), "%v", err)
				assert.Equal(t, "failed promotion.image_mismatch", outcome(r, "materials"))
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// byHand makes a promotion that rests on a VEX document about something, with an SBOM or
// without, and nobody asked what that is.
func (w *team) byHand(good *predicate.Promotion, sbom bool, digest string, evidence *input.File) *predicate.Promotion {
	w.Helper()
	made, err := promotion.Assemble(w.Context(), promotion.Input{
		Image: intoto.Subject{Name: "x", Digest: map[string]string{"sha256": digest}}, Policy: w.policy,
		Files: []promotion.File{{Role: predicate.RoleVEX, File: evidence}}, Step: good.Promotion,
	})
	require.NoError(w, err)
	p := *good
	if !sbom {
		p.Materials, p.Attestation = nil, nil
	}
	p.Materials = slices.Concat(p.Materials, made.Predicate.Materials)
	return &p
}

// TestMaterialIsNotTheImage: the document that a material names is another thing than the
// image that its attestation is about.
func TestMaterialIsNotTheImage(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.NoLog)
	p := w.assemble(evidence)
	p.Materials[0].Digest = image().Digest["sha256"]
	r, err := w.verify(w.promote(p), promotion.Demands{}, evidence)
	assert.Equal(t, fault.PromotionMaterial, fault.ReasonOf(err))
	assert.Equal(t, "failed promotion.material_mismatch", outcome(r, "materials"))
}

// TestSignaturesAreJudgedFirst: what a stranger signed is refused for that, and not for
// what it says, which is not looked into.
func TestSignaturesAreJudgedFirst(t *testing.T) {
	w, stranger := newTeam(t), newTeam(t)
	stranger.World = world.New("stranger")
	statement := func(predicateType string) []byte {
		return fmt.Appendf(nil, `{"_type":%q,"predicate":{"none":1},"predicateType":%q,"subject":[{"digest":{"sha256":%q},"name":"app"}]}`,
			intoto.StatementV1, predicateType, image().Digest["sha256"])
	}
	good := w.assemble(w.sbom(world.NoLog))
	for name, in := range map[string]promotion.Input{
		"material": {Files: []promotion.File{{Role: predicate.RoleReport, File: stranger.sign(statement(predicate.TypeReport), world.NoLog)}}},
		"previous": {
			Files:    []promotion.File{{Role: predicate.RoleSBOM, File: w.sbom(world.NoLog)}},
			Previous: stranger.sign(statement(predicate.TypePromotion), world.NoLog),
		},
	} {
		t.Run(name, func(t *testing.T) {
			in.Image, in.Policy, in.Step = image(), w.policy, good.Promotion
			_, err := promotion.Assemble(t.Context(), in)
			assert.Equal(t, fault.SignatureUntrusted, fault.ReasonOf(err), "%v", err)
		})
	}
}
