package verify_test

import (
	"encoding/json/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/intoto"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// rawEnvelope is an envelope to take apart.
type rawEnvelope struct {
	Payload     string `json:"payload"`
	PayloadType string `json:"payloadType"`
	Signatures  []any  `json:"signatures"`
}

// stitched returns the envelope one with the signatures of several.
func stitched(t testing.TB, one []byte, signatures ...[]byte) []byte {
	t.Helper()
	var out rawEnvelope
	require.NoError(t, json.Unmarshal(one, &out))
	out.Signatures = []any{}
	for _, b := range signatures {
		var e rawEnvelope
		require.NoError(t, json.Unmarshal(b, &e))
		out.Signatures = append(out.Signatures, e.Signatures...)
	}
	b, err := json.Marshal(out)
	require.NoError(t, err)
	return b
}

// TestHybrid has ann sign with a classical and a post-quantum key that count
// only together, and an attacker who takes away, moves and repeats signatures.
func TestHybrid(t *testing.T) {
	classical, quantum, bob := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65), newKey(t, "bob", keys.Ed25519)
	half := func(k key, change func(*keys.TrustedKey)) key {
		k.trusted.Holder, k.trusted.Hybrid = "ann", "2026"
		if change != nil {
			change(&k.trusted)
		}
		return k
	}
	always := trust(t, half(classical, nil), half(quantum, nil), bob)
	with := func(change func(*keys.TrustedKey)) *keys.Trust {
		return trust(t, half(classical, nil), half(quantum, change), bob)
	}
	m := statement(t, appSubject())
	other := statement(t, intoto.Subject{Name: "x", Digest: map[string]string{"sha256": sum256("x")}})
	both, one, two := sealed(t, m, classical, quantum), sealed(t, m, classical), sealed(t, m, quantum)
	elsewhere := sealed(t, other, quantum)
	for _, row := range []struct {
		name      string
		evidence  [][]byte
		trust     *keys.Trust
		threshold int
		want      fault.Reason
	}{
		{"both in one envelope", [][]byte{both}, always, 1, ""},
		{"one in each of two envelopes", [][]byte{one, two}, always, 1, ""},
		{"one in each, the other way round", [][]byte{two, one}, always, 1, ""},
		{"both and one again", [][]byte{both, one}, always, 1, ""},
		{"post-quantum signature stripped", [][]byte{one}, always, 1, fault.SignatureHybrid},
		{"classical signature stripped", [][]byte{two}, always, 1, fault.SignatureHybrid},
		{"the same half twice", [][]byte{one, one}, always, 1, fault.SignatureHybrid},
		{"the same half twice in one envelope", [][]byte{stitched(t, one, one, one)}, always, 1, fault.SignatureHybrid},
		{"post-quantum signature of another payload put in", [][]byte{stitched(t, one, one, elsewhere)}, always, 1, fault.SignatureHybrid},
		{"halves over two payloads", [][]byte{one, elsewhere}, always, 1, fault.SignatureHybrid},
		{"two halves are one holder", [][]byte{both}, always, 2, fault.SignatureThreshold},
		{"hybrid and another holder", [][]byte{both, sealed(t, m, bob)}, always, 2, ""},
		{"half and another holder", [][]byte{one, sealed(t, m, bob)}, always, 2, fault.SignatureHybrid},
		{"half beside a holder who is enough", [][]byte{one, sealed(t, m, bob)}, always, 1, ""},
		{"one half expired", [][]byte{both}, with(func(k *keys.TrustedKey) { k.NotAfter = now().Add(-time.Hour) }), 1, fault.KeyExpired},
		{"one half revoked", [][]byte{both}, with(func(k *keys.TrustedKey) { k.RevokedAt = now() }), 1, fault.KeyRevoked},
		{"one half not for this type", [][]byte{both}, with(func(k *keys.TrustedKey) { k.AnyPredicateType = false }), 1, fault.KeyTypeForbidden},
		{
			"one half expired, beside a holder who is not enough", [][]byte{both, sealed(t, m, bob)},
			with(func(k *keys.TrustedKey) { k.NotAfter = now().Add(-time.Hour) }), 2, fault.SignatureHybrid,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence...), &verify.Policy{Trust: row.trust, Threshold: row.threshold, At: now()})
			require.NotNil(t, r)
			if row.want == "" {
				require.NoError(t, err)
				assert.True(t, r.Verified)
				return
			}
			assert.False(t, r.Verified)
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
			assert.Equal(t, fault.ExitRejected, r.Exit)
		})
	}
}

// Of a payload that only half of a hybrid signed, nothing is read, and the
// report names the half that is missing.
func TestHalfAHybrid(t *testing.T) {
	classical, quantum := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65)
	for _, k := range []*key{&classical, &quantum} {
		k.trusted.Holder, k.trusted.Hybrid = "ann", "2026"
	}
	policy := verify.Policy{Trust: trust(t, classical, quantum), Threshold: 1, At: now()}
	r, err := verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), classical)), &policy)
	require.Error(t, err)
	assert.ErrorContains(t, err, `hybrid "2026" of "ann" is incomplete: no signature by key "quantum"`)
	result := r.Results[0]
	assert.Nil(t, result.Claims)
	assert.Nil(t, result.Message)
	assert.Equal(t, verify.Failed, status(result)["signature"])
	assert.Equal(t, verify.NotRun, status(result)["statement"])
	require.Len(t, result.Signers, 1)
	assert.True(t, result.Signers[0].Verified)
	assert.False(t, result.Signers[0].Counted)
	assert.Equal(t, fault.SignatureHybrid, result.Signers[0].Reason)
	assert.Equal(t, "2026", r.Trust.Keys[0].Hybrid)
}

// A signature over bare bytes stands alone in its bundle, so half a hybrid is
// all it can be.
func TestHybridOfABlob(t *testing.T) {
	classical, quantum := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65)
	for _, k := range []*key{&classical, &quantum} {
		k.trusted.Holder, k.trusted.Hybrid = "ann", "2026"
	}
	policy := verify.Policy{Trust: trust(t, classical, quantum), Threshold: 1, At: now(), Subjects: []verify.Artifact{artifact("app")}}
	for _, k := range []key{classical, quantum} {
		_, err := verify.Verify(t.Context(), evidence(t, sealedBlob(t, "app", k)), &policy)
		assert.Equal(t, fault.SignatureHybrid, fault.ReasonOf(err), "%v", err)
	}
}
