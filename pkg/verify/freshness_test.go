package verify

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// TestFreshness judges signatures as the checks before leave them.
func TestFreshness(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	signer := func(holder string, age time.Duration, proven bool) Signer {
		return Signer{Counted: true, Holder: holder, Time: &SigningTime{At: now.Add(-age), Proven: proven}}
	}
	two := []Requirement{{Name: "both", Threshold: 2}}
	for _, row := range []struct {
		name     string
		signers  []Signer
		requires []Requirement
		want     fault.Reason
	}{
		{"new", []Signer{signer("a", time.Minute, true)}, nil, ""},
		{"exactly as old as allowed", []Signer{signer("a", time.Hour, true)}, nil, ""},
		{"old", []Signer{signer("a", time.Hour+1, true)}, nil, fault.EvidenceStale},
		{"unproven", []Signer{signer("a", 0, false)}, nil, fault.TimeUnproven},
		{"no time", []Signer{{Counted: true, Holder: "a"}}, nil, fault.TimeUnproven},
		{"one old, one new, any", []Signer{signer("a", 2*time.Hour, true), signer("b", 0, true)}, nil, ""},
		{"one old, one new, both", []Signer{signer("a", 2*time.Hour, true), signer("b", 0, true)}, two, fault.EvidenceStale},
		{"one unproven, both", []Signer{signer("a", 0, false), signer("b", 0, true)}, two, fault.TimeUnproven},
		{"old and new of one holder", []Signer{signer("a", 2*time.Hour, true), signer("a", 0, true), signer("b", 0, true)}, two, ""},
		{"clocks differ", []Signer{signer("a", -MaxClockSkew, true)}, nil, ""},
		{"from the future", []Signer{signer("a", -MaxClockSkew-1, true)}, nil, fault.EvidenceStale},
	} {
		t.Run(row.name, func(t *testing.T) {
			set := RuleSet{AllowNoLogUnsafe: true, AllowNoSCTUnsafe: true, Rules: []Rule{{Name: "r", MaxAge: time.Hour, Signers: row.requires}}}
			j := judged(t, now, set, row.signers...)
			assert.NoError(t, checkRules(j))
			err := checkFreshness(j)
			if row.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}

// judged is a payload whose signatures, all by certificates of a public
// authority, were judged by the checks before.
func judged(t *testing.T, now time.Time, set RuleSet, signers ...Signer) *judgement {
	t.Helper()
	private, err := keys.Generate(keys.ECDSAP256)
	assert.NoError(t, err)
	verifier, err := dsse.NewVerifier(private.Public())
	assert.NoError(t, err)
	by := candidate{Key: dsse.Key{Verifier: verifier}, issued: &issued{chain: &material.Chain{}}}
	everybody := []Identity{{Issuer: AnyUnsafe(), SubjectAlternativeName: AnyUnsafe()}} // as whom the signers say
	policy := &Policy{At: now, RuleSets: []RuleSet{set}, Identities: everybody}
	return &judgement{
		ctx: t.Context(), bench: &bench{}, policy: policy, candidates: []candidate{by},
		result: &Result{Signers: signers, demanded: make(map[int]bool)},
	}
}

// TestCertificatesInRules has certificates by an authority, which only the
// policy's identities give a holder, roles and a tenant.
func TestCertificatesInRules(t *testing.T) {
	cert := func(name string) Signer {
		return Signer{
			Counted: true, Holder: "said before", Roles: []string{"said before"},
			Certificate: &Certificate{Identity: name, Issuer: "https://issuer"},
			Proofs: []Proof{
				{Kind: ProofLog, Status: Passed, operator: "one"}, {Kind: ProofLog, Status: Passed, operator: "one"},
				{Kind: ProofLog, Status: Failed, operator: "two"}, {Kind: ProofSCT, Status: Passed, operator: "ct"},
			},
		}
	}
	issuer := Exactly("https://issuer")
	ci, err := Pattern("ci-.*")
	assert.NoError(t, err)
	identities := []Identity{
		{Issuer: issuer, SubjectAlternativeName: Exactly("ann"), Holder: "ann", Roles: []string{"release"}, Tenant: "acme"},
		{Issuer: issuer, SubjectAlternativeName: ci, Roles: []string{"build"}},
	}
	wants := func(n int, m ...SignerMatch) []Rule {
		return []Rule{{Name: "r", Signers: []Requirement{{Name: "s", Threshold: n, From: m}}}}
	}
	demands := func(d SignatureDemands) []Rule {
		r := wants(1)
		r[0].Signature = d
		return r
	}
	for _, row := range []struct {
		name       string
		identities []Identity
		rules      []Rule
		signers    []Signer
		want       fault.Reason
	}{
		{"by role", identities, wants(1, SignerMatch{Roles: []string{"release"}}), []Signer{cert("ann")}, ""},
		{"by role, tenant and holder", identities, wants(1, SignerMatch{Roles: []string{"release"}, Tenants: []string{"acme"}, Holders: []string{"ann"}}), []Signer{cert("ann")}, ""},
		{"role of another identity", identities, wants(1, SignerMatch{Roles: []string{"release"}}), []Signer{cert("ci-1")}, fault.PolicySigners},
		{"what was said before does not count", identities, wants(1, SignerMatch{Roles: []string{"said before"}}), []Signer{cert("ann")}, fault.PolicySigners},
		{"what was said before counts without identities", nil, wants(1, SignerMatch{Roles: []string{"said before"}}), []Signer{cert("x")}, ""},
		{"nobody's name", identities, wants(1), []Signer{cert("eve")}, fault.IdentityMismatch},
		{"another issuer", []Identity{{Issuer: Exactly("https://other"), SubjectAlternativeName: Exactly("ann")}}, wants(1), []Signer{cert("ann")}, fault.IdentityMismatch},
		{"a name is a holder", identities, wants(2), []Signer{cert("ci-1"), cert("ci-2")}, ""},
		{"twice the same name is one", identities, wants(2), []Signer{cert("ci-1"), cert("ci-1")}, fault.PolicySigners},
		{"identity demanded", nil, wants(1, SignerMatch{Identities: identities[1:]}), []Signer{cert("ci-1")}, ""},
		{"another identity demanded", nil, wants(1, SignerMatch{Identities: identities[1:]}), []Signer{cert("ann")}, fault.PolicySigners},
		{"one log", nil, demands(SignatureDemands{Proofs: Proofs{Log: 1, SCT: 1}}), []Signer{cert("x")}, ""},
		{"one log twice", nil, demands(SignatureDemands{Proofs: Proofs{Log: 2}}), []Signer{cert("x")}, fault.LogMissing},
		{"algorithm", nil, demands(SignatureDemands{Profile: keys.ProfileFIPS, Algorithms: []keys.Algorithm{keys.ECDSAP256}}), []Signer{cert("x")}, ""},
		{"another algorithm", nil, demands(SignatureDemands{Algorithms: []keys.Algorithm{keys.Ed25519}}), []Signer{cert("x")}, fault.KeyForbidden},
		{"another profile", nil, demands(SignatureDemands{Profile: keys.ProfileSM}), []Signer{cert("x")}, fault.KeyForbidden},
		{"two certificate transparency logs", nil, demands(SignatureDemands{Proofs: Proofs{SCT: 2}}), []Signer{cert("x")}, fault.SCTMissing},
		{"hardware", nil, demands(SignatureDemands{Hardware: true}), []Signer{cert("x")}, fault.KeyNotAttested},
		{"not counted", nil, wants(1), []Signer{{Verified: true, Holder: "a"}}, fault.PolicySigners},
	} {
		t.Run(row.name, func(t *testing.T) {
			now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
			err := checkRules(judged(t, now, RuleSet{Identities: row.identities, Rules: row.rules}, row.signers...))
			if row.want == "" {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.NotContains(t, err.Error(), "eve", "messages are in the policy's words")
		})
	}
}
