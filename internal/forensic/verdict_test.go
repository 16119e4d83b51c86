package forensic

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// TestRequired is about what a policy demands of the evidence as a whole: a snapshot, or
// a proof, is not verified without it.
func TestRequired(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	m := d.snapshot(d.options(tl), inputs...)
	p, err := d.prove(m, appEntry)
	require.NoError(t, err)
	for typ, want := range map[string]fault.Reason{
		"https://slsa.dev/provenance/v1": fault.PolicyRequired,
		PredicateType:                    "",
	} {
		d.policy.RuleSets = []verify.RuleSet{{Rules: []verify.Rule{{Name: "demanded", PredicateTypes: []string{typ}, Required: true}, {Name: "rest"}}}}
		v, s, err := d.judge(t.Context(), m.tar(), "")
		require.NoError(t, err)
		assert.Empty(t, s.failures())
		assert.Equal(t, want, v.Whole.Reason)
		assert.Equal(t, want == "", v.Whole.Verified)
		whole, _ := d.judgeProof(p, nil)
		assert.Equal(t, want, whole.Reason)
		assert.Equal(t, want == "", whole.Verified)
	}
}

// TestCounts has no more signed documents than there are.
func TestCounts(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	v, s, err := d.judge(t.Context(), d.snapshot(d.options(tl), inputs...).tar(), "")
	require.NoError(t, err)
	documents := 0
	for _, r := range s.results {
		documents += r.Documents()
	}
	assert.Equal(t, 2, documents)
	assert.Equal(t, 2, v.Whole.Counts.Evidence)
	assert.Equal(t, 2, v.Whole.Counts.Verified)
	assert.Equal(t, 2, v.Whole.Counts.Results)
}

// TestManyFindings gives more of them than memory holds.
func TestManyFindings(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	m := d.snapshot(d.options(tl), inputs...)
	for i := range 2 * maxHeldFindings {
		m = append(m, member{fmt.Sprintf("files/more/%04d", i), ""})
	}
	v, s, err := d.judge(t.Context(), m.tar(), "")
	require.NoError(t, err)
	assert.Len(t, s.failures(), 2*maxHeldFindings)
	assert.Equal(t, fault.SnapshotUnlisted, v.Whole.Reason)
}
