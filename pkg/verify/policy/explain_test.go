package policy_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify/policy"
)

func TestExplain(t *testing.T) {
	p, err := parse(head + `description: "two\nlines"
artifacts: [{name: app, digest: "sha256:` + zeros(64) + `"}]
identities: [{identity: {glob: "ci/*"}, issuer: i, holder: ci, roles: [build, test], tenant: t}, {identity: a, issuer: {regexp: ".*"}}]
profile: fips
proofs: {log: 2, timestamp: 1, sct: 1, witness: 1}
witnesses: ["` + vkey + `"]
revocation: required
allowNoLogUnsafe: true
allowNoSCTUnsafe: true
rules:
- name: first
  description: why
  subjects: [{name: a}, {name: {glob: "b*"}, digest: "sha256:` + zeros(64) + `"}]
  predicateTypes: [spdx, cyclonedx]
  signers: [{name: release, roles: [release]}, {threshold: 2, anyOf: [{holders: [x, y, z]}, {tenants: [t]}]}]
  hardware: required
  algorithms: [ed25519, sm2]
  maxAge: 2d
  conditions: [{name: c, cel: "predicate.a\n  == 1"}]
  required: true
- name: last
  signers: [{}]
`)
	require.NoError(t, err)
	assert.Equal(t, policy.Explanation{
		Policy: []string{
			"two", "lines",
			"the evidence must be about app sha256:" + zeros(64),
			"a certificate for ci/* by issuer i counts as ci, in role build or test, for tenant t",
			"a certificate for a by issuer /.*/ counts as itself",
			"every signature must be by an algorithm of profile fips, held by 2 transparency logs, stamped by 1 time stamp authority, " +
				"if by a public authority's certificate, by one that is in 1 certificate transparency log, in a log that is cosigned by 1 witness",
			"certificates of private CAs count only if a current CRL does not revoke them",
			"certificates count although no transparency log holds the signature",
			"certificates count although no certificate transparency log holds them",
			"the first rule that is about a statement is applied to it; what no rule is about is refused",
		},
		Rules: []policy.RuleExplanation{
			{Name: "first", Says: []string{
				"why",
				"is about subjects named a or named b* with digest sha256:" + zeros(64) + ", predicate type spdx or cyclonedx",
				`must be signed by 1 holder: role release ("release")`,
				"must be signed by 2 holders: holder x, y or z, or tenant t",
				"each holder counts for one of them only",
				"each signature must be by ed25519 or sm2, by a key that the trust says to be in hardware",
				"enough signatures must be proven to be of the last 2 days",
				"must hold: c (predicate.a == 1)",
				"some evidence given must meet it",
			}},
			{Name: "last", Says: []string{"is about everything", "must be signed by 1 holder: anybody trusted"}},
		},
	}, p.Explain())
}

func TestWarnings(t *testing.T) {
	// rules are the members of each rule beside its name.
	for _, row := range []struct {
		name  string
		top   string
		rules []string
		want  []string // kind and pointer
	}{
		{"nothing", "", []string{"signers: [{}]"}, nil},
		{"no log", "allowNoLogUnsafe: true\n", []string{"signers: [{}]"}, []string{"loosened /allowNoLogUnsafe"}},
		{"no SCT", "allowNoSCTUnsafe: true\n", []string{"signers: [{}]"}, []string{"loosened /allowNoSCTUnsafe"}},
		{"said not to be loosened", "allowNoSCTUnsafe: false\n", []string{"signers: [{}]"}, nil},
		{"any identity", "identities: [{identity: {anyUnsafe: true}, issuer: i}]\n", []string{"signers: [{}]"}, []string{"loosened /identities/0/identity"}},
		{"any identity by a pattern", "identities: [{identity: {glob: '**'}, issuer: i}, {identity: {regexp: '(?i)[^ ]+'}, issuer: i}]\n", []string{"signers: [{}]"}, []string{"loosened /identities/0/identity", "loosened /identities/1/identity"}},
		{"any issuer by a pattern", "identities: [{identity: a, issuer: {regexp: '.*'}}, {identity: a, issuer: {glob: 'https://**'}}]\n", []string{"signers: [{}]"}, []string{"loosened /identities/0/issuer", "loosened /identities/1/issuer"}},
		{"patterns of some", "identities: [{identity: {glob: '*@acme.example'}, issuer: {glob: 'https://*.acme.example'}}, {identity: {regexp: '.*@.*'}, issuer: i}]\n", []string{"signers: [{}]"}, nil},
		{"any issuer", "", []string{"signers: [{identities: [{identity: a, issuer: {anyUnsafe: true}}]}]"}, []string{"loosened /rules/0/signers/0/identities/0/issuer"}},
		{"any issuer of any", "", []string{"signers: [{anyOf: [{roles: [a]}, {identities: [{identity: a, issuer: {anyUnsafe: true}}]}]}]"}, []string{"loosened /rules/0/signers/0/anyOf/1/identities/0/issuer"}},

		{"after everything", "", []string{"signers: [{}]", "predicateTypes: [spdx], signers: [{}]"}, []string{"shadowed /rules/1"}},
		{"before everything", "", []string{"predicateTypes: [spdx], signers: [{threshold: 2}]", "signers: [{}]"}, nil},
		{"the same type in another spelling", "", []string{"predicateTypes: [cyclonedx], signers: [{}]", "predicateTypes: ['https://cyclonedx.org/bom/v1.6'], signers: [{threshold: 2}]"}, []string{"shadowed /rules/1"}},
		{"another version of the type", "", []string{"predicateTypes: ['https://cyclonedx.org/bom/v1.6'], signers: [{}]", "predicateTypes: [cyclonedx], signers: [{threshold: 2}]"}, nil},
		{"a version by what says none", "", []string{"subjects: [{name: a}], predicateTypes: ['https://cyclonedx.org/bom/v1.6'], signers: [{threshold: 2}]", "predicateTypes: ['https://cyclonedx.org/bom/v1.5'], signers: [{}]"}, []string{"avoidable /rules/0/subjects"}},
		{"one of two types", "", []string{"predicateTypes: [spdx], signers: [{}]", "predicateTypes: [spdx, cyclonedx], signers: [{}]"}, nil},
		{"all types after some", "", []string{"predicateTypes: [spdx], signers: [{}]", "signers: [{}]"}, nil},
		{"exact name in a pattern", "", []string{"subjects: [{name: {glob: 'a*'}}], signers: [{}]", "subjects: [{name: ab}], signers: [{}]"}, []string{"shadowed /rules/1"}},
		{"the same pattern", "", []string{"subjects: [{name: {regexp: 'a+'}}], signers: [{}]", "subjects: [{name: {regexp: 'a+'}}], signers: [{}]"}, []string{"shadowed /rules/1"}},
		{"any name", "", []string{"subjects: [{name: {anyUnsafe: true}}], signers: [{}]", "subjects: [{name: b}], signers: [{}]"}, []string{"shadowed /rules/1"}},
		{"another name", "", []string{"subjects: [{name: a}], signers: [{}]", "subjects: [{name: b}], signers: [{}]"}, nil},
		{"digest after its name", "", []string{"subjects: [{name: a}], signers: [{}]", "subjects: [{name: a, digest: 'sha256:" + zeros(64) + "'}], signers: [{}]"}, []string{"shadowed /rules/1"}},
		{"name after its digest", "", []string{"subjects: [{name: a, digest: 'sha256:" + zeros(64) + "'}], signers: [{}]", "subjects: [{name: a}], signers: [{}]"}, nil},
		{"everything after a name", "", []string{"subjects: [{name: a}], signers: [{}]", "signers: [{}]"}, nil},

		{"a weaker rule for other names", "", []string{"subjects: [{name: a}], signers: [{threshold: 2}]", "signers: [{}]"}, []string{"avoidable /rules/0/subjects"}},
		{"a weaker rule for another name", "", []string{"subjects: [{name: a}], signers: [{threshold: 2}]", "subjects: [{name: b}], signers: [{}]"}, []string{"avoidable /rules/0/subjects"}},
		{"of another type", "", []string{"subjects: [{name: a}], predicateTypes: [spdx], signers: [{threshold: 2}]", "predicateTypes: [cyclonedx], signers: [{}]"}, nil},
		{"required", "", []string{"subjects: [{name: a}], signers: [{threshold: 2}], required: true", "signers: [{}]"}, nil},
		{"by digest", "", []string{"subjects: [{digest: 'sha256:" + zeros(64) + "'}], signers: [{threshold: 2}]", "signers: [{}]"}, nil},
		{"a rule for another digest", "", []string{"subjects: [{name: a}], signers: [{threshold: 2}]", "subjects: [{digest: 'sha256:" + zeros(64) + "'}], signers: [{}]"}, nil},
		{"the same condition", "", []string{"subjects: [{name: a}], signers: [{}], conditions: [{name: c, cel: 'true'}]", "signers: [{}], conditions: [{name: c, cel: 'true'}]"}, nil},
		{"without the condition", "", []string{"subjects: [{name: a}], signers: [{}], conditions: [{name: c, cel: 'true'}]", "signers: [{}]"}, []string{"avoidable /rules/0/subjects"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			doc := head + row.top + "rules:\n"
			for i, r := range row.rules {
				doc += "- {name: r" + string(rune('a'+i)) + ", " + r + "}\n"
			}
			p, err := parse(doc)
			require.NoError(t, err)
			var got []string
			for _, w := range p.Warnings(predicate.Spellings) {
				got = append(got, w.Kind+" "+w.Pointer)
				assert.NotEmpty(t, w.Message)
			}
			assert.Equal(t, row.want, got)
		})
	}
}

func TestParseTests(t *testing.T) {
	const start = "format: stella.ops/verificationPolicyTests@v1\npolicy: p.yaml\n"
	got, err := policy.ParseTests([]byte(start+`trust: [a, b]
at: 2026-01-01T00:00:00Z
cases:
- {name: a, evidence: [e], verdict: accepted}
- {name: b, evidence: [e, f], subjects: [s], trust: [c], ca: [d], tsa: [t], at: "2026-01-02T00:00:00Z", verdict: rejected, reason: policy.signers}
`), "t.yaml")
	require.NoError(t, err)
	assert.Equal(t, "p.yaml", got.Policy)
	require.Len(t, got.Cases, 2)
	assert.Equal(t, policy.Trust{Trust: []string{"a", "b"}}, got.Cases[0].Trust)
	assert.Equal(t, 1, got.Cases[0].At.Day())
	assert.True(t, got.Cases[0].Accepted)
	assert.Equal(t, policy.Trust{Trust: []string{"c"}, CA: []string{"d"}, TSA: []string{"t"}}, got.Cases[1].Trust)
	assert.Equal(t, 2, got.Cases[1].At.Day())
	assert.Equal(t, []string{"s"}, got.Cases[1].Subjects)
	assert.Equal(t, fault.PolicySigners, got.Cases[1].Reason)

	for name, row := range map[string]struct{ doc, says string }{
		"format":           {"format: x\npolicy: p\ncases: [{name: a, evidence: [e], verdict: accepted}]", `/format is "x"`},
		"no cases":         {start, "/cases is missing"},
		"no evidence":      {start + "cases: [{name: a, verdict: accepted}]", "/cases/0/evidence is missing"},
		"no verdict":       {start + "cases: [{name: a, evidence: [e]}]", "/cases/0/verdict is missing"},
		"another verdict":  {start + "cases: [{name: a, evidence: [e], verdict: good}]", "/cases/0/verdict has a value"},
		"no reason":        {start + "cases: [{name: a, evidence: [e], verdict: rejected}]", "/cases/0/reason is missing"},
		"unknown reason":   {start + "cases: [{name: a, evidence: [e], verdict: rejected, reason: policy.bad}]", "/cases/0/reason has a value"},
		"reason of a pass": {start + "cases: [{name: a, evidence: [e], verdict: accepted, reason: policy.signers}]", "/cases/0/reason is given"},
		"case twice":       {start + "cases: [{name: a, evidence: [e], verdict: accepted}, {name: a, evidence: [e], verdict: accepted}]", "/cases/1 has the name of another"},
		"unknown member":   {start + "case: []\ncases: [{name: a, evidence: [e], verdict: accepted}]", `unknown member "case"`},
		"date":             {start + "at: 2026-01-01\ncases: [{name: a, evidence: [e], verdict: accepted}]", "/at is not a time"},
		"another zone":     {start + "at: '2026-01-01T00:00:00+01:00'\ncases: [{name: a, evidence: [e], verdict: accepted}]", "/at is not a time"},
		"number":           {start + "at: 1\ncases: [{name: a, evidence: [e], verdict: accepted}]", "/at is a number, not text"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.ParseTests([]byte(row.doc), "t.yaml")
			require.Error(t, err)
			assert.Equal(t, fault.PolicyMalformed, fault.ReasonOf(err))
			assert.ErrorContains(t, err, row.says)
		})
	}
}
