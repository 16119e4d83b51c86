package verify_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// What a signed statement says of its type is compared as a URI: the short names
// of the catalog are for what users type, and say nothing in evidence.
func TestSignedTypeIsNoShortName(t *testing.T) {
	ann := newKey(t, "ann", keys.ECDSAP256)
	bounded := ann
	bounded.trusted.AnyPredicateType = false
	for _, typ := range predicate.Types() {
		bounded.trusted.PredicateTypes = append(bounded.trusted.PredicateTypes, typ.URI)
	}
	rules := []verify.RuleSet{{Rules: []verify.Rule{{Name: "r", PredicateTypes: bounded.trusted.PredicateTypes}}}}
	for _, typ := range predicate.Types() {
		for said, good := range map[string]bool{typ.URI: true, typ.Name: false} {
			m, err := intoto.NewMessage(said, []intoto.Subject{appSubject()}, dsse.Bytes(`{}`))
			require.NoError(t, err)
			for _, row := range []struct {
				demand string
				policy verify.Policy
				reason fault.Reason
			}{
				{"the key's types", verify.Policy{Trust: trust(t, bounded)}, fault.KeyTypeForbidden},
				{"the type", verify.Policy{Trust: trust(t, ann), PredicateType: typ.URI}, fault.PredicateType},
				{"a rule's types", verify.Policy{Trust: trust(t, ann), RuleSets: rules}, fault.PolicyNoRule},
			} {
				p := row.policy
				p.Threshold, p.At, p.Spellings = 1, now(), predicate.Spellings
				_, err := verify.Verify(context.Background(), evidence(t, sealed(t, m, ann)), &p)
				if good {
					assert.NoError(t, err, "%s, %s", row.demand, said)
					continue
				}
				assert.Equal(t, row.reason, fault.ReasonOf(err), "%s, %s", row.demand, said)
			}
		}
	}
}

// A demand for one version takes what says it, or says none, and never another.
func TestVersionsOfAType(t *testing.T) {
	const family, v2, v3 = "https://spdx.dev/Document", "https://spdx.dev/Document/v2.3", "https://spdx.dev/Document/v3"
	ann := newKey(t, "ann", keys.ECDSAP256)
	for _, row := range []struct {
		demanded, said string
		good           bool
	}{
		{family, family, true}, {family, v2, true}, {family, v3, true},
		{v2, family, true}, {v2, v2, true}, {v2, v3, false},
		{v3, family, true}, {v3, v2, false}, {v3, v3, true},
	} {
		bounded := ann
		bounded.trusted.AnyPredicateType, bounded.trusted.PredicateTypes = false, []string{row.demanded}
		rules := []verify.RuleSet{{Rules: []verify.Rule{{Name: "r", PredicateTypes: []string{row.demanded}}}}}
		m, err := intoto.NewMessage(row.said, []intoto.Subject{appSubject()}, dsse.Bytes(`{}`))
		require.NoError(t, err)
		for reason, p := range map[fault.Reason]verify.Policy{
			fault.KeyTypeForbidden: {Trust: trust(t, bounded)},
			fault.PredicateType:    {Trust: trust(t, ann), PredicateType: row.demanded},
			fault.PolicyNoRule:     {Trust: trust(t, ann), RuleSets: rules},
		} {
			p.Threshold, p.At, p.Spellings = 1, now(), predicate.Spellings
			_, err := verify.Verify(context.Background(), evidence(t, sealed(t, m, ann)), &p)
			if row.good {
				assert.NoError(t, err, "%s for %s", row.said, row.demanded)
				continue
			}
			assert.Equal(t, reason, fault.ReasonOf(err), "%s for %s", row.said, row.demanded)
		}
	}
	// A key for one version meets a rule about another only by what says none.
	bounded := ann
	bounded.trusted.AnyPredicateType, bounded.trusted.PredicateTypes = false, []string{v3}
	for about, good := range map[string]bool{family: true, v2: true, "https://example.com/x": false} {
		p := verify.Policy{Trust: trust(t, bounded), Threshold: 1, At: now(), Spellings: predicate.Spellings, RuleSets: []verify.RuleSet{{Rules: []verify.Rule{{
			Name: "r", PredicateTypes: []string{about}, Signers: []verify.Requirement{{Name: "s", Threshold: 1}},
		}}}}}
		assert.Equal(t, good, p.Satisfiable() == nil, about)
	}
}
