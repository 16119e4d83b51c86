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

const (
	aliceAtHome = "alice@home.test"
	aliceAtWork = "alice@work.test"
)

// as is an identity that a certificate counts in, as holder; "" leaves it unnamed.
func as(identity, holder string) verify.Identity {
	return verify.Identity{
		SubjectAlternativeName: verify.Exactly(identity), Issuer: verify.Exactly(world.DefaultIssuer), Holder: holder,
	}
}

// naming is a policy with one rule about everything, that calls certificates by names.
func naming(name string, d *verify.PromotionDemands, identities ...verify.Identity) verify.RuleSet {
	return verify.RuleSet{Name: name, Identities: identities, Rules: []verify.Rule{{Name: "all", Promotion: d}}}
}

// signAs makes a bundle of a statement with a certificate.
func (w *team) signAs(identity string, statement []byte) *input.File {
	w.Helper()
	return input.FromBytes("evidence.sigstore.json", w.Bundle(world.Options{Identity: identity, Payload: statement}))
}

// keyless makes a promotion of an SBOM, each by a certificate.
func (w *team) keyless(promoter, builder, actor string) (named, evidence *input.File) {
	w.Helper()
	w.policy.Identities = []verify.Identity{as(promoter, ""), as(builder, "")}
	evidence = w.signAs(builder, sbomStatement(sbom))
	p := w.assemble(evidence)
	p.Promotion.Actor = actor
	return w.signAs(promoter, w.statement(p)), evidence
}

// TestDutiesByAnyName: duties are shared as soon as the trust or one of the policies
// calls both signers the same, whichever of them comes first.
func TestDutiesByAnyName(t *testing.T) {
	separate := &verify.PromotionDemands{SeparateFrom: []string{predicate.RoleSBOM}}
	unnamed := []verify.Identity{as(aliceAtHome, ""), as(aliceAtWork, "")}
	alice := []verify.Identity{as(aliceAtHome, "alice"), as(aliceAtWork, "alice")}
	two := []verify.Identity{as(aliceAtHome, "ann"), as(aliceAtWork, "bob")}
	for name, tt := range map[string]struct {
		given    []verify.Identity
		policies []verify.RuleSet
		demands  promotion.Demands
		want     string
	}{
		"policy alone":               {alice, []verify.RuleSet{naming("p", separate, alice...)}, promotion.Demands{}, "failed promotion.duties_shared"},
		"identities given first":     {unnamed, []verify.RuleSet{naming("p", separate, alice...)}, promotion.Demands{}, "failed promotion.duties_shared"},
		"another policy first":       {two, []verify.RuleSet{naming("q", nil, two...), naming("p", separate, alice...)}, promotion.Demands{}, "failed promotion.duties_shared"},
		"the other policy names one": {alice, []verify.RuleSet{naming("q", nil, alice...), naming("p", separate, two...)}, promotion.Demands{}, "failed promotion.duties_shared"},
		"policies without a name":    {unnamed, []verify.RuleSet{naming("", nil, unnamed...), naming("", separate, alice...)}, promotion.Demands{}, "failed promotion.duties_shared"},
		"flag, and a policy's names": {
			unnamed, []verify.RuleSet{naming("p", nil, alice...)}, promotion.Demands{SeparateFrom: []string{predicate.RoleSBOM}},
			"failed promotion.duties_shared",
		},
		"two people": {unnamed, []verify.RuleSet{naming("p", separate, two...)}, promotion.Demands{}, "passed"},
		"no names":   {unnamed, []verify.RuleSet{naming("p", separate)}, promotion.Demands{}, "passed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			named, evidence := w.keyless(aliceAtHome, aliceAtWork, aliceAtHome)
			w.policy.Identities, w.policy.RuleSets = tt.given, tt.policies
			r, err := w.verify(named, tt.demands, evidence)
			require.NotNil(t, r, "%v", err)
			assert.Equal(t, "passed", outcome(r, "actor"))
			assert.Equal(t, tt.want, outcome(r, "duties"), "%v", err)
			assert.Equal(t, tt.want == "passed", err == nil, "%v", err)
		})
	}
}

// TestActorByName: who promoted is known by the name in the certificate, or by the one
// that policies give, if they agree on it; their order plays no part.
func TestActorByName(t *testing.T) {
	unnamed, alice, bob := as(aliceAtHome, ""), as(aliceAtHome, "alice"), as(aliceAtHome, "bob")
	builder := as(aliceAtWork, "builder")
	for name, tt := range map[string]struct {
		actor    string
		given    verify.Identity
		policies []verify.Identity
		want     bool
	}{
		"certificate":            {aliceAtHome, unnamed, []verify.Identity{alice}, true},
		"holder, no policy":      {"alice", alice, nil, true},
		"holder of the policy":   {"alice", unnamed, []verify.Identity{alice}, true},
		"holder of the second":   {"alice", unnamed, []verify.Identity{unnamed, alice}, true},
		"holder of the first":    {"alice", alice, []verify.Identity{alice, unnamed}, true},
		"another":                {"bob", unnamed, []verify.Identity{alice}, false},
		"policies disagree":      {"alice", alice, []verify.Identity{alice, bob}, false},
		"policies disagree, too": {"alice", bob, []verify.Identity{bob, alice}, false},
		"unnamed":                {"alice", unnamed, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			named, evidence := w.keyless(aliceAtHome, aliceAtWork, tt.actor)
			w.policy.Identities = []verify.Identity{tt.given, builder}
			for _, id := range tt.policies {
				w.policy.RuleSets = append(w.policy.RuleSets, naming("", nil, id, builder))
			}
			r, err := w.verify(named, promotion.Demands{}, evidence)
			require.NotNil(t, r, "%v", err)
			if tt.want {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, fault.PromotionActor, fault.ReasonOf(err))
			assert.Equal(t, "failed promotion.actor_unbound", outcome(r, "actor"))
		})
	}
}

// TestDutiesOfNobody: a role of which nothing was judged is kept apart from nobody.
func TestDutiesOfNobody(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.NoLog)
	named := w.promote(w.assemble(evidence))
	for name, tt := range map[string]struct {
		roles []string
		given []*input.File
		want  string
	}{
		"no such material":     {[]string{predicate.RoleReport}, []*input.File{evidence}, "failed promotion.evidence_missing"},
		"nor another":          {[]string{predicate.RoleVEX, predicate.RoleReport}, []*input.File{evidence}, "failed promotion.evidence_missing"},
		"one is there":         {[]string{predicate.RoleReport, predicate.RoleSBOM}, []*input.File{evidence}, "failed promotion.duties_shared"},
		"material not given":   {[]string{predicate.RoleSBOM}, nil, "failed promotion.evidence_missing"},
		"material there alone": {[]string{predicate.RoleSBOM}, []*input.File{evidence}, "failed promotion.duties_shared"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := w.verify(named, promotion.Demands{SeparateFrom: tt.roles}, tt.given...)
			require.Error(t, err)
			assert.Equal(t, tt.want, outcome(r, "duties"))
		})
	}
}

// TestDutiesOfUnattested: who signed a document that nothing attests is not known.
func TestDutiesOfUnattested(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.NoLog)
	p := w.assemble(evidence)
	other := p.Materials[0]
	other.Attestation, other.Digest, other.Unverified = nil, strings.Repeat("2", 64), string(fault.SignatureMissing)
	p.Materials = append(p.Materials, other)
	p.Promotion.Actor = aliceAtHome
	named := w.signAs(aliceAtHome, w.statement(p))
	w.policy.Identities = []verify.Identity{as(aliceAtHome, "")}
	d := promotion.Demands{AllowUnverifiedUnsafe: true}
	_, err := w.verify(named, d, evidence)
	require.NoError(t, err)
	d.SeparateFrom = []string{predicate.RoleSBOM}
	r, err := w.verify(named, d, evidence)
	assert.Equal(t, fault.PromotionEvidence, fault.ReasonOf(err))
	assert.Equal(t, "failed promotion.evidence_missing", outcome(r, "duties"))
}
