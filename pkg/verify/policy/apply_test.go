package policy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// TestApply reads a policy as people write it and judges evidence by it.
func TestApply(t *testing.T) {
	const file = `
format: stella.ops/verificationPolicy@v1
name: production
rules:
  - name: releases
    subjects:
      - name: {glob: "ap*"}
    predicateTypes: [cyclonedx]
    signers:
      - {name: release, roles: [release]}
      - {name: security, threshold: 2, roles: [security]}
    conditions:
      - name: a CycloneDX document
        cel: predicate.bomFormat == "CycloneDX"
    required: true
`
	ann, bob, eve := newPerson(t, "ann", "release", "security"), newPerson(t, "bob", "security"), newPerson(t, "eve", "security")
	p, err := parse(file)
	require.NoError(t, err)
	for _, row := range []struct {
		name      string
		predicate string
		people    []person
		want      fault.Reason
		says      string
	}{
		{"all", `{"bomFormat":"CycloneDX"}`, []person{eve, bob, ann}, "", ""},
		{"one of security is missing", `{"bomFormat":"CycloneDX"}`, []person{bob, ann}, fault.PolicySigners, `rule "releases" of policy "production": "`},
		{"another document", `{"bomFormat":"SPDX"}`, []person{eve, bob, ann}, fault.PolicyCondition, `condition "a CycloneDX document"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := trusting(t, ann, bob, eve)
			require.NoError(t, p.Apply(v))
			r, err := verify.Verify(context.Background(), sign(t, row.predicate, row.people...), v)
			require.NotNil(t, r, "%v", err)
			assert.Equal(t, row.want, r.Reason)
			assert.Equal(t, []string{"production"}, r.Policies)
			if row.says != "" {
				assert.ErrorContains(t, err, row.says)
			}
		})
	}
}

// What a file lists ends up where the verifier looks for it.
func TestApplyFields(t *testing.T) {
	p, err := parse(head + `name: p
artifacts: [{name: app, digest: "sha256:` + zeros(64) + `"}, {digest: "sha512:` + zeros(128) + `"}]
identities: [{identity: {glob: "ci/*"}, issuer: i, holder: ci, roles: [build], tenant: t}]
profile: fips
algorithms: [ed25519]
hardware: required
revocation: required
proofs: {log: 1, timestamp: 2, witness: 1}
witnesses: ["` + vkey + `"]
allowNoLogUnsafe: true
allowNoSCTUnsafe: true
rules:
- name: r
  predicateTypes: [slsaprovenance1]
  subjects: [{name: {regexp: "a+"}}, {digest: "sha256:` + zeros(64) + `"}]
  signers: [{threshold: 2, anyOf: [{identities: [{identity: x, issuer: {anyUnsafe: true}}]}, {holders: [h], tenants: [t], keyIds: ["sha256:` + zeros(64) + `"]}]}]
  maxAge: 2h
  required: true
`)
	require.NoError(t, err)
	v := &verify.Policy{}
	require.NoError(t, p.Apply(v))
	require.Len(t, v.RuleSets, 1)
	set := v.RuleSets[0]
	assert.Equal(t, []verify.Artifact{
		{Name: "app", Digest: map[string]string{"sha256": zeros(64)}},
		{Name: "sha512:" + zeros(128), Digest: map[string]string{"sha512": zeros(128)}},
	}, v.Subjects)
	assert.Empty(t, v.Identities, "the policy's are nothing to other policies")
	require.Len(t, set.Identities, 1)
	ci := set.Identities[0]
	assert.True(t, ci.SubjectAlternativeName.Matches("ci/x"))
	assert.False(t, ci.SubjectAlternativeName.Matches("ci/x/y"))
	assert.Equal(t, "ci", ci.Holder)
	assert.Equal(t, []string{"build"}, ci.Roles)
	assert.Equal(t, "t", ci.Tenant)
	require.Len(t, set.Rules[0].Identities, 1, "what a rule demands counts for that rule")
	assert.True(t, set.Rules[0].Identities[0].Issuer.Matches("anything"))
	require.Len(t, v.Root.Authorities(), 1)
	assert.Equal(t, "witness.example", v.Root.Authorities()[0].Name)
	assert.True(t, v.DemandRevocation)
	assert.True(t, v.AllowNoLogUnsafe && v.AllowNoSCTUnsafe)
	assert.True(t, set.AllowNoLogUnsafe && set.AllowNoSCTUnsafe)
	assert.Equal(t, v.Root.Witnesses(), set.Witnesses)
	assert.Equal(t, verify.Proofs{Log: 1, Timestamp: 2, Witness: 1}, set.Signature.Proofs)
	assert.True(t, set.Signature.Hardware)
	assert.EqualValues(t, "fips", set.Signature.Profile)
	r := set.Rules[0]
	assert.Equal(t, []string{"https://slsa.dev/provenance/v1"}, r.PredicateTypes)
	assert.True(t, r.Subjects[0].Name.Matches("aaa"))
	assert.Equal(t, map[string]string{"sha256": zeros(64)}, r.Subjects[1].Digest)
	assert.Equal(t, 2.0, r.MaxAge.Hours())
	assert.True(t, r.Required)
	require.Len(t, r.Signers, 1)
	assert.Equal(t, 2, r.Signers[0].Threshold)
	assert.Equal(t, "identity x (by anything), or holder h with tenant t with key sha256:"+zeros(64), r.Signers[0].Name)
	require.Len(t, r.Signers[0].From, 2)
	assert.Equal(t, []string{"h"}, r.Signers[0].From[1].Holders)

	// The command line's identities are not widened by the file's.
	own := []verify.Identity{{SubjectAlternativeName: verify.Exactly("me"), Issuer: verify.Exactly("i")}}
	v = &verify.Policy{Identities: own}
	require.NoError(t, p.Apply(v))
	assert.Equal(t, own, v.Identities)
	assert.Len(t, v.RuleSets[0].Identities, 1)
}

func zeros(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0'
	}
	return string(b)
}

func TestGlobs(t *testing.T) {
	for _, row := range []struct {
		glob, text string
		want       bool
	}{
		{"a", "a", true}, {"a", "ab", false}, {"a*", "abc", true}, {"a*", "a/b", false}, {"a**", "a/b/c", true},
		{"a/**/z", "a/b/c/z", true}, {"a/**/z", "a/z", false}, {"a?c", "abc", true}, {"a?c", "a/c", false}, {"a?c", "ac", false},
		{"a.c", "abc", false}, {"a[b]", "ab", false}, {"a[b]", "a[b]", true}, {`a\*`, `a\x`, true}, {"*", "", false}, {"**", "a\nb", true},
		{"***", "a/b", true}, {"pkg:oci/*@sha256:*", "pkg:oci/app@sha256:00", true}, {"ö*", "öl", true},
	} {
		p, err := parse(head + "rules: [{name: r, signers: [{}], subjects: [{name: {glob: '" + row.glob + "'}}]}]")
		require.NoError(t, err)
		v := &verify.Policy{}
		require.NoError(t, p.Apply(v))
		assert.Equal(t, row.want, v.RuleSets[0].Rules[0].Subjects[0].Name.Matches(row.text), "%s %q", row.glob, row.text)
	}
}
