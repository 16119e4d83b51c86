package promotion_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// TestDemandsOfEachStep: what a rule demands of a promotion holds for the one that it was
// applied to, also where that is a step before.
func TestDemandsOfEachStep(t *testing.T) {
	for name, tt := range map[string]struct {
		demands verify.PromotionDemands
		want    fault.Reason
	}{
		"duties": {verify.PromotionDemands{SeparateFrom: []string{predicate.RoleSBOM}}, fault.PromotionDuties},
		"chain":  {verify.PromotionDemands{ChainFrom: "build"}, fault.PromotionMissing},
		"none":   {verify.PromotionDemands{ChainFrom: "dev"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			evidence := w.sbom(world.NoLog)
			file := promotion.File{Role: predicate.RoleSBOM, File: evidence}
			first := w.next(nil, "dev", "staging", file)
			first.Subject[0].Name = "registry.example/staged"
			one := w.promote(first)
			two := w.promote(w.next(one, "staging", "prod", file))
			w.policy.RuleSets = []verify.RuleSet{{Rules: []verify.Rule{
				{Name: "staged", Subjects: []verify.SubjectMatch{{Name: verify.Exactly("registry.example/staged")}}, Promotion: &tt.demands},
				{Name: "all"},
			}}}
			r, err := w.verify(two, promotion.Demands{}, one, evidence)
			require.NotNil(t, r, "%v", err)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
		})
	}
}
