package policy_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// certified judges evidence by a certificate of a private authority, beside which the
// trust holds a key of the role release. own are identities of the caller.
func certified(t *testing.T, e *world.Evidence, own []verify.Identity, policies ...string) (*verify.Report, error) {
	t.Helper()
	root, err := material.ParseCAs("ca.pem", append(bytes.Clone(e.CA), e.CRLs...))
	require.NoError(t, err)
	v := trusting(t, newPerson(t, "ann", "release"))
	v.Root, v.At, v.Identities = root, e.At, own
	v.Subjects = []verify.Artifact{{Name: "artifact", Content: dsse.Bytes(e.Artifact)}}
	for _, text := range policies {
		p, err := parse(head + text)
		require.NoError(t, err, "%s", text)
		require.NoError(t, p.Apply(v))
	}
	evidence := &verify.Evidence{}
	require.NoError(t, evidence.Read("bundle.json", bytes.NewReader(e.Bundle), int64(len(e.Bundle))))
	return verify.Verify(t.Context(), evidence, v)
}

// TestIdentitiesAreThePolicysOwn: whom one policy admits, and as whom, is nothing to
// another, nor is whom one rule names to the others.
func TestIdentitiesAreThePolicysOwn(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{Signer: world.PrivateCA})
	named := fmt.Sprintf("{identity: %q, issuer: {anyUnsafe: true}", e.Demand.Identity)
	const (
		release = "name: publisher\nrules: [{name: r, signers: [{roles: [release]}]}]\n"
		anybody = "name: publisher\nrules: [{name: r, signers: [{}]}]\n"
	)
	mine := "name: mine\nidentities: [" + named + ", holder: me, roles: [release]}]\nrules: [{name: r, signers: [{}]}]\n"
	plain := "name: plain\nidentities: [" + named + "}]\nrules: [{name: r, signers: [{}]}]\n"
	byRule := "rules:\n- {name: first, predicateTypes: [https://example.com/other], signers: [{identities: [" + named + "}]}]}\n" +
		"- {name: others, signers: [{}]}\n"
	ofRule := "rules: [{name: r, signers: [{identities: [" + named + "}]}]}]\n"
	me := []verify.Identity{{SubjectAlternativeName: verify.Exactly(e.Demand.Identity), Issuer: verify.AnyUnsafe()}}
	for _, row := range []struct {
		name     string
		own      []verify.Identity
		policies []string
		reason   fault.Reason
		says     string
	}{
		{"the policy that names it", nil, []string{mine}, "", ""},
		{"roles are no help to a publisher", nil, []string{release, mine}, fault.IdentityMismatch, `rule "r" of policy "publisher"`},
		{"whichever comes first", nil, []string{mine, release}, fault.IdentityMismatch, `rule "r" of policy "publisher"`},
		{"nor is it anybody", nil, []string{anybody, mine}, fault.IdentityMismatch, `rule "r" of policy "publisher"`},
		{"both name it", nil, []string{mine, plain}, "", ""},
		{"roles are the policy's own", nil, []string{mine, plain, release}, fault.IdentityMismatch, ""},
		{"the caller vouches", me, []string{anybody}, "", ""},
		{"the caller vouches for no role", me, []string{release}, fault.PolicySigners, ""},
		{"the caller's word goes for all", me, []string{anybody, mine}, "", ""},
		{"a rule that names it", nil, []string{ofRule}, "", ""},
		{"a rule beside one that names it", nil, []string{byRule}, fault.IdentityMismatch, `rule "others"`},
		{"even if the caller does", me, []string{byRule}, fault.IdentityMismatch, `rule "others"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := certified(t, e, row.own, row.policies...)
			if row.reason == "" {
				require.NoError(t, err)
				return
			}
			require.NotNil(t, r, "%v", err)
			assert.Equal(t, row.reason, r.Reason, "%v", err)
			assert.ErrorContains(t, err, row.says)
		})
	}
}

// What nobody can meet is said before any evidence is judged, as the verdict would be.
func TestIdentitiesOfAnotherPolicyMeetNothing(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{Signer: world.PrivateCA})
	mine := fmt.Sprintf("identities: [{identity: %q, issuer: {anyUnsafe: true}, holder: me, roles: [build]}]\nrules: [{name: r, signers: [{}]}]\n", e.Demand.Identity)
	r, err := certified(t, e, nil, "rules: [{name: r, signers: [{roles: [build]}]}]\n", mine)
	assert.Nil(t, r)
	assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(err), "%v", err)
}
