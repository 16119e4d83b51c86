package promotion_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// A promotion that was made by hand may name a good attestation that is about another
// image, or about another document than it says.
func TestMaterialsAreAboutTheImage(t *testing.T) {
	w := newTeam(t)
	elsewhere := intoto.Subject{Name: "other", Digest: map[string]string{"sha256": strings.Repeat("2", 64)}}
	foreign := w.sign(fmt.Appendf(nil, `{"_type":%q,"predicate":%s,"predicateType":%q,"subject":[{"digest":{"sha256":%q},"name":"other"}]}`,
		intoto.StatementV1, sbom, predicate.TypeCycloneDX, elsewhere.Digest["sha256"]), world.NoLog)
	made, err := promotion.Assemble(t.Context(), promotion.Input{
		Image: elsewhere, Policy: w.policy, Files: []promotion.File{{Role: predicate.RoleSBOM, File: foreign}},
		Step: predicate.Step{From: "dev", To: "prod", Actor: "release", Timestamp: "2026-11-23T08:00:00Z"},
	})
	require.NoError(t, err)

	p := w.assemble(w.sbom(world.NoLog))
	p.Materials, p.Attestation = made.Predicate.Materials, made.Predicate.Attestation
	r, err := w.verify(w.promote(p), promotion.Demands{}, foreign)
	assert.Equal(t, fault.PromotionImage, fault.ReasonOf(err))
	assert.Equal(t, "failed promotion.image_mismatch", outcome(r, "materials"))

	evidence := w.sbom(world.NoLog)
	p = w.assemble(evidence)
	p.Materials[0].Digest = strings.Repeat("3", 64)
	r, err = w.verify(w.promote(p), promotion.Demands{}, evidence)
	assert.Equal(t, fault.PromotionMaterial, fault.ReasonOf(err))
	assert.Equal(t, "failed promotion.material_mismatch", outcome(r, "materials"))
}
