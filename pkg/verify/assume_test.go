package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

func keyID(t testing.TB, k key) string {
	t.Helper()
	id, err := dsse.KeyID(k.private.Public())
	require.NoError(t, err)
	return id
}

func TestAssumeRevoked(t *testing.T) {
	one, two := newKey(t, "one", keys.Ed25519), newKey(t, "two", keys.Ed25519)
	other := intoto.Subject{Name: "x", Digest: appSubject().Digest}
	e := evidence(t, sealed(t, statement(t, appSubject()), one), sealed(t, statement(t, other), two))
	p := &verify.Policy{Trust: trust(t, one, two), Threshold: 1, At: now()}
	_, err := verify.Verify(t.Context(), e, p)
	require.NoError(t, err)

	p.AssumeRevoked = []verify.AssumedRevocation{{KeyID: keyID(t, one), RevokedAt: now().AddDate(0, 0, -1)}}
	r, err := verify.Verify(t.Context(), e, p)
	assert.Equal(t, fault.KeyRevoked, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, fault.ExitRejected, r.Exit)
	assert.Equal(t, []verify.Assumed{{KeyID: keyID(t, one), RevokedAt: now().AddDate(0, 0, -1)}}, r.AssumedRevocations)
	assert.True(t, r.Results[0].WouldFall)
	assert.False(t, r.Results[1].WouldFall)
	assert.True(t, r.Results[1].Verified)
	assert.True(t, p.Trust.Keys()[0].RevokedAt.IsZero(), "the caller's trust is as it was")
}

// What is rejected as things are does not fall by an assumption.
func TestAssumeRevokedOfWhatFailsAnyway(t *testing.T) {
	one := newKey(t, "one", keys.Ed25519)
	one.trusted.NotAfter = now().Add(-time.Hour)
	e := evidence(t, sealed(t, statement(t, appSubject()), one))
	p := &verify.Policy{Trust: trust(t, one), Threshold: 1, At: now()}
	p.AssumeRevoked = []verify.AssumedRevocation{{KeyID: keyID(t, one), RevokedAt: now()}}
	r, err := verify.Verify(t.Context(), e, p)
	require.Error(t, err)
	assert.False(t, r.Results[0].WouldFall)
}

// A real revocation that is earlier is not moved by an assumed one.
func TestAssumeRevokedLoosensNothing(t *testing.T) {
	one := newKey(t, "one", keys.Ed25519)
	one.trusted.RevokedAt = now().AddDate(0, 0, -10)
	e := evidence(t, sealed(t, statement(t, appSubject()), one))
	p := &verify.Policy{Trust: trust(t, one), Threshold: 1, At: now()}
	for _, at := range []time.Time{now(), now().AddDate(1, 0, 0), now().AddDate(0, 0, -20)} {
		p.AssumeRevoked = []verify.AssumedRevocation{{KeyID: keyID(t, one), RevokedAt: at}}
		r, err := verify.Verify(t.Context(), e, p)
		assert.Equal(t, fault.KeyRevoked, fault.ReasonOf(err))
		assert.False(t, r.Results[0].WouldFall)
	}
}

func TestAssumeRevokedOfAnUnknownKey(t *testing.T) {
	one := newKey(t, "one", keys.Ed25519)
	e := evidence(t, sealed(t, statement(t, appSubject()), one))
	p := &verify.Policy{Trust: trust(t, one), Threshold: 1, At: now()}
	p.AssumeRevoked = []verify.AssumedRevocation{{KeyID: "sha256:00", RevokedAt: now()}}
	_, err := verify.Verify(t.Context(), e, p)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
}
