package verify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestFailuresSayWhatToDo holds failures that a user can do something about to a hint,
// in the error and in the check.
func TestFailuresSayWhatToDo(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{})
	good, err := demandOf(e)
	require.NoError(t, err)
	someone := *good
	someone.Identities = []verify.Identity{{Issuer: verify.Exactly("https://issuer.example"), SubjectAlternativeName: verify.Exactly("someone")}}
	other, err := demandOf(world.New("another").Evidence(world.Options{}))
	require.NoError(t, err)
	elsewhere := *good
	elsewhere.Root = other.Root

	ann := newKey(t, "ann", keys.ECDSAP256)
	list := trust(t, ann).Keys()
	list[0].AnyPredicateType, list[0].PredicateTypes = false, []string{"https://example.com/other"}
	bounded, err := keys.NewTrust(list...)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		evidence []byte
		policy   *verify.Policy
		want     fault.Reason
		hint     string
	}{
		"another identity":  {e.Bundle, &someone, fault.IdentityMismatch, "patterns match the whole name and the whole issuer"},
		"another authority": {e.Bundle, &elsewhere, fault.CertificateUntrusted, "--trusted-root FILE"},
		"another type":      {sealed(t, statement(t, appSubject()), ann), &verify.Policy{Trust: bounded, Threshold: 1, At: now()}, fault.KeyTypeForbidden, "predicateTypes"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := verify.Verify(t.Context(), read(t, row.evidence), row.policy)
			require.Equal(t, row.want, reasonOf(err), "%v", err)
			assert.Contains(t, fault.HintOf(err), row.hint)
			for _, c := range r.Results[0].Checks {
				if c.Reason == row.want {
					assert.Contains(t, c.Hint, row.hint, c.Name)
					return
				}
			}
			assert.Fail(t, "no check has the reason")
		})
	}
}
