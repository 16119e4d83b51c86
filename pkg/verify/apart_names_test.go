package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestKeysOfOneName trusts two keys that have one name, of which the one that signed is
// bad: the finding says which, and does not where one name is one key.
func TestKeysOfOneName(t *testing.T) {
	ann, bob := newKey(t, "ci", keys.ECDSAP256), newKey(t, "ci", keys.ECDSAP256)
	id, err := dsse.KeyID(ann.private.Public())
	require.NoError(t, err)
	said := func(change func(*keys.TrustedKey), other ...key) (*verify.Report, verify.Check) {
		list := trust(t, append([]key{ann}, other...)...).Keys()
		change(&list[0])
		all, err := keys.NewTrust(list...)
		require.NoError(t, err)
		r, err := verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), ann)), &verify.Policy{Trust: all, Threshold: 1, At: now()})
		require.Error(t, err)
		assert.Equal(t, "ci", r.Results[0].Signers[0].Name)
		return r, r.Results[0].Checks[5]
	}
	revoked := func(k *keys.TrustedKey) { k.RevokedAt = now().Add(-time.Hour) }
	bounded := func(k *keys.TrustedKey) {
		k.AnyPredicateType, k.PredicateTypes = false, []string{"https://example.com/other"}
	}

	_, c := said(revoked, bob)
	assert.Equal(t, fault.KeyRevoked, c.Reason)
	assert.Contains(t, c.Message, `key "ci (`+id[:len("sha256:")+8]+`)" is revoked`)
	_, c = said(bounded, bob)
	assert.Equal(t, fault.KeyTypeForbidden, c.Reason)
	assert.Contains(t, c.Message, `key "ci (`+id[:len("sha256:")+8]+`)" may not sign`)
	r, c := said(revoked)
	assert.Contains(t, c.Message, `key "ci" is revoked`)
	assert.Equal(t, "ci", r.Trust.Keys[0].Name)
}
