package verify_test

import (
	"encoding/base64"
	"encoding/json/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
)

// TestCopiesProveNothingMore judges copies of one piece of evidence: each has the proofs
// of one, however many there are, and they cost what their signatures cost.
func TestCopiesProveNothingMore(t *testing.T) {
	e := world.New(t.Name()).Evidence(world.Options{})
	p, err := demandOf(e)
	require.NoError(t, err)
	alone, err := verify.Verify(t.Context(), read(t, e.Bundle), p)
	require.NoError(t, err)

	cost := func(n int) float64 {
		copies := read(t, slices.Repeat([][]byte{e.Bundle}, n)...)
		return testing.AllocsPerRun(1, func() {
			r, err := verify.Verify(t.Context(), copies, p)
			require.NoError(t, err)
			require.Len(t, r.Results[0].Signers, n)
			for _, s := range r.Results[0].Signers {
				require.Equal(t, alone.Results[0].Signers[0].Proofs, s.Proofs)
			}
		})
	}
	first, few, many := cost(1), cost(10), cost(40)
	assert.Less(t, (many-few)/30, first/2, "the proofs of a further copy are judged already")
}

// TestProofsElsewhereAreBounded has pieces of evidence that hold one signature, each with
// another time stamp.
func TestProofsElsewhereAreBounded(t *testing.T) {
	w := world.New(t.Name())
	e, p := keyEvidence(t, w, world.Options{Log: world.NoLog})
	revoked := changed(t, p, func(k *keys.TrustedKey) { k.RevokedAt = p.At })
	pieces := [][]byte{without(t, e.Bundle, "timestampVerificationData")}
	for i := range 33 {
		pieces = append(pieces, restamped(t, w, e.Bundle, i))
	}
	judge := func(pieces [][]byte) (*verify.Report, error) {
		return verify.Verify(t.Context(), read(t, pieces...), revoked)
	}
	r, err := judge(pieces[:33])
	require.NoError(t, err)
	for _, s := range r.Results[0].Signers {
		assert.Len(t, s.Proofs, 32)
	}
	_, err = judge(append(pieces[:33:33], pieces[1:33]...))
	require.NoError(t, err, "copies are no more")
	_, err = judge(pieces)
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), "%v", err)
}

// restamped returns a bundle with a time stamp from a number of seconds before that of
// the world's first.
func restamped(t *testing.T, w *world.World, bundle []byte, seconds int) []byte {
	t.Helper()
	var b map[string]any
	require.NoError(t, json.Unmarshal(bundle, &b))
	signatures := b["dsseEnvelope"].(map[string]any)["signatures"].([]any)
	sig, err := base64.StdEncoding.DecodeString(signatures[0].(map[string]any)["sig"].(string))
	require.NoError(t, err)
	stamp := w.TSA.Stamp(sig, world.Stamp{At: w.Clock.Now().Add(-time.Duration(seconds+1) * time.Second)})
	b["verificationMaterial"].(map[string]any)["timestampVerificationData"] = map[string]any{
		"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": stamp}},
	}
	out, err := json.Marshal(b)
	require.NoError(t, err)
	return out
}

// TestPiecesTogetherAreBounded holds Verify to the limit of Stream.
func TestPiecesTogetherAreBounded(t *testing.T) {
	ann := newKey(t, "ann", keys.Ed25519)
	p := &verify.Policy{Trust: trust(t, ann), Threshold: 1, At: now()}
	one := sealed(t, statement(t, appSubject()), ann)
	_, err := verify.Verify(t.Context(), evidence(t, slices.Repeat([][]byte{one}, 1024)...), p)
	require.NoError(t, err)
	_, err = verify.Verify(t.Context(), evidence(t, slices.Repeat([][]byte{one}, 1025)...), p)
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err), "%v", err)
}
