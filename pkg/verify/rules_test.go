package verify_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// says is a condition that is decided beforehand.
type says struct{ err error }

func (says) Name() string                                     { return "said" }
func (s says) Holds(_ context.Context, f *verify.Facts) error { return s.err }
func from(m ...verify.SignerMatch) []verify.SignerMatch       { return m }
func role(names ...string) verify.SignerMatch                 { return verify.SignerMatch{Roles: names} }
func nameIs(name string) verify.SubjectMatch                  { return verify.SubjectMatch{Name: verify.Exactly(name)} }
func one(name string, m ...verify.SignerMatch) []verify.Requirement {
	return []verify.Requirement{{Name: name, Threshold: 1, From: m}}
}

func TestRules(t *testing.T) {
	person := func(name, tenant string, a keys.Algorithm, roles ...string) key {
		k := newKey(t, name, a)
		k.trusted.Roles, k.trusted.Tenant = roles, tenant
		return k
	}
	ann := person("ann", "acme", keys.ECDSAP256, "release", "security")
	bob := person("bob", "acme", keys.Ed25519, "security")
	eve := person("eve", "other", keys.ECDSAP256, "security")
	hard := person("hard", "", keys.ECDSAP256)
	hard.trusted.Hardware = &keys.Hardware{Format: "tpm2-certify"}
	second := person("ann-2", "acme", keys.Ed25519, "security") // another key of ann
	second.trusted.Holder = "ann"
	all := trust(t, ann, bob, eve, hard, second)

	proving, err := material.ParseRoot("trusted_root.json", world.New(t.Name()).TrustedRoot())
	require.NoError(t, err)
	witnesses, err := material.ParseWitnesses(world.New(t.Name()).Witnesses[0].Verifier())
	require.NoError(t, err)
	root, err := material.Join(proving, witnesses)
	require.NoError(t, err)

	m := statement(t, appSubject())
	wide := statement(t, appSubject(), intoto.Subject{Name: "other", Digest: map[string]string{"sha256": sum256("other")}})
	plain := dsse.NewMessage("text/plain", dsse.Bytes("app"))
	release := verify.Requirement{Name: "release", Threshold: 1, From: from(role("release"))}
	security := verify.Requirement{Name: "security", Threshold: 2, From: from(role("security"))}
	digest := func(hex string) verify.SubjectMatch {
		return verify.SubjectMatch{Digest: map[string]string{"sha256": hex}}
	}
	pattern, err := verify.Pattern("ap+")
	require.NoError(t, err)

	rule := func(change func(*verify.Rule)) []verify.Rule {
		r := verify.Rule{Name: "r"}
		change(&r)
		return []verify.Rule{r}
	}
	signers := func(list ...verify.Requirement) []verify.Rule { return rule(func(r *verify.Rule) { r.Signers = list }) }
	about := func(list ...verify.SubjectMatch) []verify.Rule {
		return rule(func(r *verify.Rule) { r.Subjects = list })
	}
	typed := func(list ...string) []verify.Rule { return rule(func(r *verify.Rule) { r.PredicateTypes = list }) }
	asks := func(err error) []verify.Rule {
		return rule(func(r *verify.Rule) { r.Conditions = []verify.Condition{says{err}} })
	}
	demands := func(d verify.SignatureDemands) []verify.Rule { return rule(func(r *verify.Rule) { r.Signature = d }) }
	demandsOne := func(d verify.SignatureDemands) []verify.Rule {
		return rule(func(r *verify.Rule) { r.Signature, r.Signers = d, one("anybody") })
	}

	for _, row := range []struct {
		name     string
		evidence []byte
		rules    []verify.Rule
		subjects []verify.Artifact
		want     fault.Reason
		says     string
	}{
		{"rule about everything", sealed(t, m, ann), about(), nil, "", ""},
		{"no rule at all", sealed(t, m, ann), nil, nil, fault.PolicyNoRule, `no rule of policy "p" is about`},
		{"name", sealed(t, m, ann), about(nameIs("app")), nil, "", ""},
		{"another name", sealed(t, m, ann), about(nameIs("ap")), nil, fault.PolicyNoRule, ""},
		{"pattern", sealed(t, m, ann), about(verify.SubjectMatch{Name: pattern}), nil, "", ""},
		{"digest", sealed(t, m, ann), about(digest(sum256("app"))), nil, "", ""},
		{"another digest", sealed(t, m, ann), about(digest(sum256("other"))), nil, fault.PolicyNoRule, ""},
		{"name and another digest", sealed(t, m, ann), about(verify.SubjectMatch{Name: verify.Exactly("app"), Digest: map[string]string{"sha256": sum256("x")}}), nil, fault.PolicyNoRule, ""},
		{"weak digest alone", sealed(t, m, ann), about(verify.SubjectMatch{Digest: map[string]string{"sha1": ""}}), nil, fault.PolicyNoRule, ""},
		{"one of two subjects", sealed(t, wide, ann), about(nameIs("app")), nil, fault.PolicyNoRule, ""},
		{"each of two subjects", sealed(t, wide, ann), about(nameIs("app"), nameIs("other")), nil, "", ""},
		{"the demanded one of two subjects", sealed(t, wide, ann), about(nameIs("app")), []verify.Artifact{artifact("app")}, "", ""},
		{"the other one is demanded", sealed(t, wide, ann), about(nameIs("app")), []verify.Artifact{artifact("other")}, fault.PolicyNoRule, ""},
		{"type", sealed(t, m, ann), typed("x", predicateType), nil, "", ""},
		{"spelling of a type", sealed(t, m, ann), typed(predicateType + "/v1"), nil, "", ""},
		{"another type", sealed(t, m, ann), typed("x"), nil, fault.PolicyNoRule, ""},
		{"the first rule that fits", sealed(t, m, ann), slices.Concat(typed("x"), signers(release), asks(errors.New("unused"))), nil, "", ""},
		{"only the first rule that fits", sealed(t, m, ann), slices.Concat(asks(fault.New(fault.PolicyCondition, "no")), about()), nil, fault.PolicyCondition, `condition "said" of rule "r" of policy "p": no`},
		{"blob by a rule about everything", sealedBlob(t, "app", ann), about(), []verify.Artifact{artifact("app")}, "", ""},
		{"blob by its digest", sealedBlob(t, "app", ann), about(digest(sum256("app"))), []verify.Artifact{artifact("app")}, "", ""},
		{"blob and a type", sealedBlob(t, "app", ann), typed(predicateType), []verify.Artifact{artifact("app")}, fault.PolicyNoRule, ""},
		{"blob and a condition", sealedBlob(t, "app", ann), asks(nil), []verify.Artifact{artifact("app")}, fault.PolicyCondition, "there is no statement"},
		{"no statement, by a rule about everything", sealed(t, plain, ann), about(), nil, "", ""},
		{"no statement, by a rule about a name", sealed(t, plain, ann), about(verify.SubjectMatch{Name: verify.AnyUnsafe()}), nil, fault.PolicyNoRule, ""},
		{"no statement, by a rule about a type", sealed(t, plain, ann), typed(predicateType), nil, fault.PolicyNoRule, ""},
		{"condition that holds", sealed(t, m, ann), asks(nil), nil, "", ""},
		{"condition that cannot be judged", sealed(t, m, ann), asks(fault.New(fault.InputTooLarge, "large")), nil, fault.InputTooLarge, ""},
		{"condition of unknown failure", sealed(t, m, ann), asks(errors.New("failed")), nil, fault.Internal, ""},

		{"role", sealed(t, m, ann), signers(release), nil, "", ""},
		{"nobody of the role", sealed(t, m, bob), signers(release), nil, fault.PolicySigners, `rule "r" of policy "p": "release" has 0 of 1 holders`},
		{"one of release and two of security", sealed(t, m, bob, ann, eve), signers(security, release), nil, "", ""},
		{"a holder in two roles", sealed(t, m, ann, bob), signers(release, security), nil, fault.PolicySigners, "holders, since each holder fills one place at most"},
		{"two keys of a holder", sealed(t, m, ann, second, bob), signers(release, security), nil, fault.PolicySigners, ""},
		{"two keys of a holder for two", sealed(t, m, ann, second), signers(security), nil, fault.PolicySigners, `"security" has 1 of 2 holders`},
		{"role by the other key of the holder", sealed(t, m, second), signers(release), nil, fault.PolicySigners, ""},
		{"role in a tenant", sealed(t, m, eve), signers(one("s", verify.SignerMatch{Roles: []string{"security"}, Tenants: []string{"acme"}})...), nil, fault.PolicySigners, ""},
		{"role or tenant", sealed(t, m, eve), signers(one("s", verify.SignerMatch{Tenants: []string{"acme"}}, role("security"))...), nil, "", ""},
		{"holder", sealed(t, m, eve), signers(one("s", verify.SignerMatch{Holders: []string{"bob", "eve"}})...), nil, "", ""},
		{"key id", sealed(t, m, eve), signers(one("s", verify.SignerMatch{KeyIDs: []string{keyID(t, eve)}})...), nil, "", ""},
		{"another key id", sealed(t, m, eve), signers(one("s", verify.SignerMatch{KeyIDs: []string{keyID(t, bob)}})...), nil, fault.PolicySigners, ""},
		{"no tenant is no tenant's", sealed(t, m, hard), signers(one("s", verify.SignerMatch{Tenants: []string{"", "acme"}})...), nil, fault.PolicySigners, ""},
		{"identity of a key", sealed(t, m, ann), signers(verify.Requirement{Name: "s", Threshold: 1, From: from(role("release"), verify.SignerMatch{Identities: []verify.Identity{{}}})}), nil, "", ""},

		{"algorithm", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Algorithms: []keys.Algorithm{keys.ECDSAP256}}), nil, "", ""},
		{"another algorithm", sealed(t, m, bob), demandsOne(verify.SignatureDemands{Algorithms: []keys.Algorithm{keys.ECDSAP256}}), nil, fault.KeyForbidden, "signature 1 does not count"},
		{"profile", sealed(t, m, bob), demandsOne(verify.SignatureDemands{Profile: keys.ProfileFIPS}), nil, "", ""},
		{"hardware", sealed(t, m, ann, hard), demandsOne(verify.SignatureDemands{Hardware: true}), nil, "", ""},
		{"no hardware", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Hardware: true}), nil, fault.KeyNotAttested, "does not say that the key is in hardware"},
		{"log", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Proofs: verify.Proofs{Log: 1}}), nil, fault.LogMissing, "0 of 1 demanded proofs by a transparency log"},
		{"time stamp", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Proofs: verify.Proofs{Timestamp: 1}}), nil, fault.TimestampMissing, ""},
		{"certificate transparency, of a key", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Proofs: verify.Proofs{SCT: 1}}), nil, "", ""},
		{"witness", sealed(t, m, ann), demandsOne(verify.SignatureDemands{Proofs: verify.Proofs{Witness: 1}}), nil, fault.WitnessMissing, ""},
		{"demands and nobody in particular", sealed(t, m, ann), demands(verify.SignatureDemands{Proofs: verify.Proofs{Log: 1}}), nil, fault.LogMissing, ""},
		{"age without proof", sealed(t, m, ann), rule(func(r *verify.Rule) { r.MaxAge = time.Hour }), nil, fault.TimeUnproven, "wants evidence of the last 1h0m0s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			spellings := func(uri string) []string { return []string{uri, uri + "/v1", predicateType} }
			if row.name != "spelling of a type" {
				spellings = nil
			}
			p := &verify.Policy{Trust: all, Root: root, Threshold: 1, At: now(), Subjects: row.subjects, Spellings: spellings, RuleSets: []verify.RuleSet{{Name: "p", Rules: row.rules}}}
			r, err := verify.Verify(context.Background(), evidence(t, row.evidence), p)
			require.NotNil(t, r, "%v", err)
			assert.Equal(t, row.want == "", r.Verified)
			if row.want == "" {
				require.NoError(t, err)
				assert.Equal(t, verify.Passed, status(r.Results[0])["policy"])
				return
			}
			require.Error(t, err)
			assert.Equal(t, row.want, r.Reason, "%v", err)
			assert.ErrorContains(t, err, row.says)
			if row.want == fault.PolicyNoRule {
				assert.Equal(t, verify.NotRun, status(r.Results[0])["conditions"])
				assert.Equal(t, verify.NotRun, status(r.Results[0])["freshness"])
			}
		})
	}
}

// The report says who filled which place, and whose signature does not count.
func TestRulesInTheReport(t *testing.T) {
	ann, bob := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519)
	p := &verify.Policy{Trust: trust(t, ann, bob), Threshold: 1, At: now(), RuleSets: []verify.RuleSet{{
		Name: "p", Signature: verify.SignatureDemands{Algorithms: []keys.Algorithm{keys.ECDSAP256}}, Rules: []verify.Rule{{Name: "r", Signers: one("release")}},
	}}}
	r, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), bob, ann)), p)
	require.NoError(t, err)
	applied := r.Results[0].Rules
	require.Len(t, applied, 1)
	assert.Equal(t, "p", applied[0].Policy)
	assert.Equal(t, "r", applied[0].Rule)
	assert.Equal(t, []verify.FilledRequirement{{Name: "release", Threshold: 1, Holders: []string{"ann"}}}, applied[0].Signers)
	require.Len(t, applied[0].Barred, 1)
	assert.Equal(t, fault.KeyForbidden, applied[0].Barred[0].Reason)
	assert.Equal(t, "bob", r.Results[0].Signers[applied[0].Barred[0].Signer].Holder)
	assert.Equal(t, []string{"p"}, r.Policies)
}

// Every policy must accept, whichever of them refuses.
func TestAllPoliciesMustAccept(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	accept := verify.RuleSet{Name: "accepts", Rules: []verify.Rule{{Name: "any"}}}
	refuse := verify.RuleSet{Name: "refuses", Rules: []verify.Rule{{Name: "none", Conditions: []verify.Condition{says{fault.New(fault.PolicyCondition, "no")}}}}}
	for _, sets := range [][]verify.RuleSet{{accept, refuse}, {refuse, accept}} {
		p := &verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), RuleSets: sets}
		r, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), ann)), p)
		require.Error(t, err)
		assert.Equal(t, fault.PolicyCondition, r.Reason)
		assert.Len(t, r.Results[0].Rules, 2)
	}
}

// A rule may want evidence to be there at all.
func TestRequiredRules(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	sbom := sealed(t, statement(t, appSubject()), ann)
	p := &verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now(), RuleSets: []verify.RuleSet{{Rules: []verify.Rule{
		{Name: "provenance", PredicateTypes: []string{"https://slsa.dev/provenance/v1"}, Required: true},
		{Name: "rest"},
	}}}}
	r, err := verify.Verify(context.Background(), evidence(t, sbom), p)
	assert.ErrorContains(t, err, `no evidence meets rule "provenance", which is required`)
	assert.Equal(t, fault.PolicyRequired, r.Reason)
	assert.Equal(t, fault.ExitRejected, r.Exit)

	m, err := intoto.NewMessage("https://slsa.dev/provenance/v1", []intoto.Subject{appSubject()}, dsse.Bytes(`{}`))
	require.NoError(t, err)
	provenance := sealed(t, m, ann)
	_, err = verify.Verify(context.Background(), evidence(t, sbom, provenance), p)
	require.NoError(t, err)

	// One that falls does not meet it.
	p.RuleSets[0].Rules[0].Conditions = []verify.Condition{says{fault.New(fault.PolicyCondition, "no")}}
	r, err = verify.Verify(context.Background(), evidence(t, provenance, sbom), p)
	require.Error(t, err)
	require.Len(t, r.Checks, 1)
	assert.Equal(t, "required", r.Checks[0].Name)
	assert.Equal(t, verify.Failed, r.Checks[0].Status)

	_, err = verify.Verify(context.Background(), &verify.Evidence{}, p)
	assert.Equal(t, fault.SignatureMissing, fault.ReasonOf(err))
}

func TestPolicyThatCannotBeMet(t *testing.T) {
	ann, bob := newKey(t, "ann", keys.ECDSAP256), newKey(t, "bob", keys.Ed25519)
	ann.trusted.Roles, bob.trusted.Roles = []string{"release", "security"}, []string{"security"}
	bob.trusted.AnyPredicateType, bob.trusted.PredicateTypes = false, []string{predicateType}
	release := verify.Requirement{Name: "release", Threshold: 1, From: from(role("release"))}
	security := verify.Requirement{Name: "security", Threshold: 1, From: from(role("security"))}
	both := security
	both.Threshold = 2
	ci := verify.Identity{Issuer: verify.Exactly("https://issuer"), SubjectAlternativeName: verify.Exactly("ci"), Roles: []string{"security"}}
	anybody := ci
	anybody.SubjectAlternativeName = verify.AnyUnsafe()
	issuing, err := material.ParseRoot("trusted_root.json", world.New(t.Name()).TrustedRoot())
	require.NoError(t, err)
	for _, row := range []struct {
		name string
		set  verify.RuleSet
		rule verify.Rule
		says string // empty if it can be met
	}{
		{"one of each", verify.RuleSet{}, verify.Rule{Signers: []verify.Requirement{security, release}}, ""},
		{"ann in both", verify.RuleSet{}, verify.Rule{Signers: []verify.Requirement{release, both}}, "since each holder fills one place"},
		{"unknown role", verify.RuleSet{}, verify.Rule{Signers: one("audit", role("audit"))}, `"audit" has 0 of 1 holders`},
		{"a key that may not sign the type", verify.RuleSet{}, verify.Rule{PredicateTypes: []string{"x"}, Signers: []verify.Requirement{both}}, `"security" has 1 of 2`},
		{"a key that may", verify.RuleSet{}, verify.Rule{PredicateTypes: []string{"x", predicateType}, Signers: []verify.Requirement{both}}, ""},
		{"an algorithm that nobody has", verify.RuleSet{}, verify.Rule{Signers: one("any"), Signature: verify.SignatureDemands{Algorithms: []keys.Algorithm{keys.SM2}}}, `"any" has 0 of 1`},
		{"a profile that nobody has", verify.RuleSet{Signature: verify.SignatureDemands{Profile: keys.ProfileGOST}}, verify.Rule{Signers: one("any")}, `"any" has 0 of 1`},
		{"hardware that nobody has", verify.RuleSet{Identities: []verify.Identity{ci}}, verify.Rule{Signers: one("any"), Signature: verify.SignatureDemands{Hardware: true}}, `"any" has 0 of 1`},
		{"an identity beside the keys", verify.RuleSet{Identities: []verify.Identity{ci}}, verify.Rule{Signers: []verify.Requirement{release, both}}, ""},
		{"one identity is one holder", verify.RuleSet{Identities: []verify.Identity{ci}}, verify.Rule{Signers: []verify.Requirement{{Name: "s", Threshold: 4}}}, `"s" has 3 of 4`},
		{"anybody is many holders", verify.RuleSet{Identities: []verify.Identity{anybody}}, verify.Rule{Signers: []verify.Requirement{{Name: "s", Threshold: 40}}}, ""},
		{"an identity that is wanted", verify.RuleSet{Identities: []verify.Identity{anybody}}, verify.Rule{Signers: one("s", verify.SignerMatch{Identities: []verify.Identity{ci}})}, ""},
		{"proofs that there can be", verify.RuleSet{Signature: verify.SignatureDemands{Proofs: verify.Proofs{Timestamp: 1, SCT: 1}}}, verify.Rule{MaxAge: time.Hour, Signature: verify.SignatureDemands{Proofs: verify.Proofs{Log: 1}}}, ""},
		{"two authorities of which there is one", verify.RuleSet{}, verify.Rule{Signature: verify.SignatureDemands{Proofs: verify.Proofs{Timestamp: 9}}}, "of 9 demanded proofs by a time stamp authority those who are trusted can give"},
		{"witnesses of whom there is none", verify.RuleSet{Signature: verify.SignatureDemands{Proofs: verify.Proofs{Witness: 1}}}, verify.Rule{}, "can give 0"},
		{"an identity that is another", verify.RuleSet{Identities: []verify.Identity{ci}}, verify.Rule{Signers: one("s", verify.SignerMatch{Identities: []verify.Identity{{Issuer: verify.Exactly("https://issuer"), SubjectAlternativeName: verify.Exactly("x")}}})}, `"s" has 0 of 1`},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.rule.Name = "r"
			row.set.Rules = []verify.Rule{row.rule}
			p := &verify.Policy{Trust: trust(t, ann, bob), Root: issuing, Threshold: 1, At: now(), RuleSets: []verify.RuleSet{row.set}}
			r, err := verify.Verify(context.Background(), evidence(t, sealed(t, statement(t, appSubject()), ann)), p)
			if row.says == "" {
				require.NotNil(t, r, "%v", err)
				return
			}
			assert.Nil(t, r)
			assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err))
			assert.ErrorContains(t, err, `nobody can meet rule "r"`)
			assert.ErrorContains(t, err, row.says)
		})
	}
}

// An identity can sign only if somebody is trusted to issue certificates to it.
func TestIdentitiesNeedAnAuthority(t *testing.T) {
	w := world.New(t.Name())
	sigstore, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	private, err := material.ParseCAs("ca.pem", w.Evidence(world.Options{Signer: world.PrivateCA}).CA)
	require.NoError(t, err)
	witnesses, err := material.ParseWitnesses(w.Witnesses[0].Verifier())
	require.NoError(t, err)
	ci := verify.Identity{Issuer: verify.Exactly("https://issuer"), SubjectAlternativeName: verify.Exactly("ci"), Roles: []string{"build"}}
	set := verify.RuleSet{Identities: []verify.Identity{ci}, Rules: []verify.Rule{{Name: "r", Signers: one("build", role("build"))}}}
	for name, row := range map[string]struct {
		root *material.Root
		good bool
	}{
		"nobody": {nil, false}, "a witness": {witnesses, false}, "Sigstore": {sigstore, true}, "an own CA": {private, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := &verify.Policy{Trust: trust(t, newKey(t, "ann", keys.Ed25519)), Root: row.root, Threshold: 1, At: now(), RuleSets: []verify.RuleSet{set}}
			err := p.Satisfiable()
			if row.good {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err))
			assert.Contains(t, fault.HintOf(err), "--trusted-root")
		})
	}
}

// A proof can be there only if somebody is trusted to give it: what wants one that
// nobody can is refused before any evidence is judged, by Verify and by Stream.
func TestProofsNeedAnAuthority(t *testing.T) {
	w := world.New(t.Name())
	sigstore, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	private, err := material.ParseCAs("ca.pem", w.Evidence(world.Options{Signer: world.PrivateCA}).CA)
	require.NoError(t, err)
	witnesses, err := material.ParseWitnesses(w.Witnesses[0].Verifier())
	require.NoError(t, err)
	nobody, ann := (*material.Root)(nil), newKey(t, "ann", keys.Ed25519)
	ci := []verify.Identity{{Issuer: verify.Exactly("https://issuer"), SubjectAlternativeName: verify.Exactly("ci")}}
	demands := func(p verify.Proofs) verify.SignatureDemands { return verify.SignatureDemands{Proofs: p} }
	onlyCI := one("ci", verify.SignerMatch{Identities: ci})
	for _, row := range []struct {
		name string
		root *material.Root
		set  verify.RuleSet
		rule verify.Rule
		hint string // of what is unsatisfiable
	}{
		{"time stamp by the policy", nobody, verify.RuleSet{Signature: demands(verify.Proofs{Timestamp: 1})}, verify.Rule{}, "--timestamp-certificate-chain"},
		{"time stamp by the rule", nobody, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Timestamp: 1})}, "--timestamp-certificate-chain"},
		{"time stamp, and a witness is trusted", witnesses, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Timestamp: 1})}, "--timestamp-certificate-chain"},
		{"time stamp, and an authority is", sigstore, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Timestamp: 1})}, ""},
		{"log", nobody, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Log: 1})}, "--trusted-root"},
		{"log, and one is trusted", sigstore, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Log: 1})}, ""},
		{"witness", sigstore, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Witness: 1})}, "witnesses"},
		{"witness, and one is trusted", witnesses, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{Witness: 1})}, ""},
		{"age", nobody, verify.RuleSet{}, verify.Rule{MaxAge: time.Hour}, "--timestamp-certificate-chain"},
		{"age, and a witness is trusted", witnesses, verify.RuleSet{}, verify.Rule{MaxAge: time.Hour}, "--timestamp-certificate-chain"},
		{"age, and an authority is", sigstore, verify.RuleSet{}, verify.Rule{MaxAge: time.Hour}, ""},
		{"certificate transparency, of a key", nobody, verify.RuleSet{}, verify.Rule{Signature: demands(verify.Proofs{SCT: 1})}, ""},
		{"certificate transparency, of certificates", sigstore, verify.RuleSet{Identities: ci}, verify.Rule{Signers: onlyCI, Signature: demands(verify.Proofs{SCT: 1})}, ""},
		{"certificate transparency by more than there are", sigstore, verify.RuleSet{Identities: ci}, verify.Rule{Signers: onlyCI, Signature: demands(verify.Proofs{SCT: 9})}, "certificate transparency log"},
		{"certificate transparency, of certificates by an own CA", private, verify.RuleSet{Identities: ci}, verify.Rule{Signers: onlyCI, Signature: demands(verify.Proofs{SCT: 1})}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.rule.Name = "r"
			row.set.Rules = []verify.Rule{row.rule}
			p := &verify.Policy{Trust: trust(t, ann), Root: row.root, Threshold: 1, At: now(), RuleSets: []verify.RuleSet{row.set}}
			err := p.Satisfiable()
			if row.hint == "" {
				assert.NoError(t, err)
				return
			}
			assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err))
			assert.Contains(t, fault.HintOf(err), row.hint)
			_, err = verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), ann)), p)
			assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err))
			_, err = verify.NewVerifier(p) // which Stream is asked of
			assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err))
		})
	}
}

// Where the caller demands a proof that nobody is trusted to give, the finding says how
// somebody is.
func TestMissingProofsSayWhomToTrust(t *testing.T) {
	w, ann := world.New(t.Name()), newKey(t, "ann", keys.ECDSAP256)
	sigstore, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	m := statement(t, appSubject())
	for name, row := range map[string]struct {
		proofs   verify.Proofs
		evidence []byte
		root     *material.Root
		want     fault.Reason
		hint     string
	}{
		"time stamp that is there": {verify.Proofs{Timestamp: 1}, bundled(t, w, m, ann, time.Minute), nil, fault.TimestampMissing, "--timestamp-certificate-chain"},
		"time stamp":               {verify.Proofs{Timestamp: 1}, bundled(t, w, m, ann), sigstore, fault.TimestampMissing, ""},
		"log":                      {verify.Proofs{Log: 1}, bundled(t, w, m, ann), nil, fault.LogMissing, "--trusted-root"},
		"log that is trusted":      {verify.Proofs{Log: 1}, bundled(t, w, m, ann), sigstore, fault.LogMissing, ""},
		"witness":                  {verify.Proofs{Witness: 1}, bundled(t, w, m, ann), nil, fault.WitnessMissing, "witness"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &verify.Policy{Trust: trust(t, ann), Root: row.root, Threshold: 1, At: w.Clock.Now(), Proofs: row.proofs}
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence), p)
			assert.Equal(t, row.want, fault.ReasonOf(err))
			assert.Equal(t, row.want, r.Reason)
			if row.hint == "" {
				assert.Empty(t, fault.HintOf(err))
				return
			}
			assert.Contains(t, fault.HintOf(err), row.hint)
		})
	}
}
