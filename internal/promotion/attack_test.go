package promotion_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
)

// line is a chain of three good steps, dev to staging to qa to prod, and what it rests on.
type line struct {
	*team
	sbom                *input.File
	file                promotion.File
	staging, qa, prod   *input.File
	toQA, toProd, first *predicate.Promotion
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{team: newTeam(t)}
	l.sbom = l.team.sbom(world.NoLog)
	l.file = promotion.File{Role: predicate.RoleSBOM, File: l.sbom}
	l.first = l.next(nil, "dev", "staging", l.file)
	l.staging = l.promote(l.first)
	l.toQA = l.next(l.staging, "staging", "qa", l.file)
	l.qa = l.promote(l.toQA)
	l.toProd = l.next(l.qa, "qa", "prod", l.file)
	l.prod = l.promote(l.toProd)
	return l
}

// TestChainAttacks: steps that are left out, and steps that are taken twice.
func TestChainAttacks(t *testing.T) {
	l := newLine(t)
	// again signs a step once more, changed.
	again := func(p *predicate.Promotion, change func(p *predicate.Promotion)) *input.File {
		other := *p
		other.Promotion.Notes = "again"
		change(&other)
		return l.promote(&other)
	}
	same := func(*predicate.Promotion) {}
	rootless := func(p *predicate.Promotion) { p.Previous = nil }
	elsewhere := func(p *predicate.Promotion) {
		p.Previous = &predicate.AttestationRef{
			BundleSHA256: "sha256:" + strings.Repeat("a", 64), PayloadSHA256: "sha256:" + strings.Repeat("b", 64),
		}
	}
	early := func(p *predicate.Promotion) { p.Promotion.From, p.Promotion.To = "build", "dev" }
	for name, tt := range map[string]struct {
		given []*input.File
		want  fault.Reason
	}{
		"whole":                        {[]*input.File{l.qa, l.staging}, ""},
		"the middle is missing":        {[]*input.File{l.staging}, fault.PromotionMissing},
		"the first is missing":         {[]*input.File{l.qa}, fault.PromotionMissing},
		"all are missing":              {nil, fault.PromotionMissing},
		"one before the first":         {[]*input.File{l.qa, l.staging, again(l.first, early)}, fault.PromotionMissing},
		"fork at the end":              {[]*input.File{l.qa, l.staging, again(l.toProd, same)}, fault.PromotionForked},
		"fork in the middle":           {[]*input.File{l.qa, l.staging, again(l.toQA, same)}, fault.PromotionForked},
		"fork at the beginning":        {[]*input.File{l.qa, l.staging, again(l.first, same)}, fault.PromotionForked},
		"fork that hides where from":   {[]*input.File{l.qa, l.staging, again(l.toProd, rootless)}, fault.PromotionForked},
		"the first hides where from":   {[]*input.File{l.qa, l.staging, again(l.first, elsewhere)}, fault.PromotionForked},
		"again, after another step":    {[]*input.File{l.qa, l.staging, again(l.toProd, elsewhere)}, ""},
		"a fork in place of the step":  {[]*input.File{again(l.toQA, same), l.staging}, fault.PromotionMissing},
		"a fork, and the step missing": {[]*input.File{again(l.toProd, same), l.staging}, fault.PromotionForked},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := l.verify(l.prod, promotion.Demands{Chain: true, ChainFrom: "dev"}, append(tt.given, l.sbom)...)
			require.NotNil(t, r, "%v", err)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, tt.want, fault.ReasonOf(err), "%v", err)
			assert.False(t, r.Verified)
		})
	}
}

// TestChainByHand: a step that a promoter made by hand does not go on where the one
// before it ended, or is no promotion.
func TestChainByHand(t *testing.T) {
	l := newLine(t)
	for name, tt := range map[string]struct {
		change func(p *predicate.Promotion)
		want   fault.Reason
	}{
		"from elsewhere":     {func(p *predicate.Promotion) { p.Promotion.From = "staging" }, fault.PromotionBroken},
		"of another image":   {func(p *predicate.Promotion) { p.Subject = another(p) }, fault.PromotionBroken},
		"after evidence":     {func(p *predicate.Promotion) { p.Previous = p.Materials[0].Attestation }, fault.PromotionBroken},
		"by somebody absent": {func(p *predicate.Promotion) { p.Promotion.Actor = "somebody" }, fault.PromotionActor},
	} {
		t.Run(name, func(t *testing.T) {
			p := *l.toProd
			tt.change(&p)
			for _, d := range []promotion.Demands{{}, {Chain: true}} {
				r, err := l.verify(l.promote(&p), d, l.qa, l.staging, l.sbom)
				require.Error(t, err)
				assert.Contains(t, reasons(r), tt.want)
				assert.Equal(t, fault.ExitRejected, r.Exit)
			}
		})
	}
}

// another is the subject of another image.
func another(p *predicate.Promotion) []predicate.PromotedSubject {
	return []predicate.PromotedSubject{{Name: p.Subject[0].Name, Digest: map[string]string{"sha256": strings.Repeat("2", 64)}}}
}

// reasons are those of all failures.
func reasons(r *verify.Report) []fault.Reason {
	var out []fault.Reason
	for i := range r.Results {
		for _, c := range r.Results[i].Checks {
			if c.Status == verify.Failed {
				out = append(out, c.Reason)
			}
		}
	}
	return out
}
