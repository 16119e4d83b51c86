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
