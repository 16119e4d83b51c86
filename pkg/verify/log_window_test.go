package verify_test

import (
	"bytes"
	"encoding/json/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// windowed is the world's trusted root with the windows of its logs replaced: each
// log stands there once for each window.
func windowed(t testing.TB, w *world.World, windows ...world.Window) *material.Root {
	t.Helper()
	var trust map[string]any
	require.NoError(t, json.Unmarshal(w.TrustedRoot(), &trust))
	var logs []any
	for _, log := range trust["tlogs"].([]any) {
		text, err := json.Marshal(log)
		require.NoError(t, err)
		for _, window := range windows {
			var again map[string]any
			require.NoError(t, json.Unmarshal(text, &again))
			again["publicKey"].(map[string]any)["validFor"] = map[string]any{"start": window.From, "end": window.Until}
			logs = append(logs, again)
		}
	}
	trust["tlogs"] = logs
	text, err := json.Marshal(trust)
	require.NoError(t, err)
	root, err := material.ParseRoot("trusted_root.json", text)
	require.NoError(t, err)
	witnesses, err := material.ParseWitnesses(w.Evidence(world.Options{Log: world.LogV2, Cosignatures: 2}).Demand.Witnesses...)
	require.NoError(t, err)
	root, err = material.Join(root, witnesses)
	require.NoError(t, err)
	return root
}

// TestRetiredLog judges entries that tell no time of their own, a year later, by a log
// that has long been retired: it was trusted around the time of the signature.
func TestRetiredLog(t *testing.T) {
	w := world.New(t.Name())
	signed := w.Clock.Now()
	around := func(d time.Duration) world.Window {
		return world.Window{From: signed.Add(d - time.Hour), Until: signed.Add(d + time.Hour)}
	}
	year := 365 * 24 * time.Hour
	for name, tt := range map[string]struct {
		options world.Options
		stamp   time.Duration // after the signature
		windows []world.Window
		at      time.Duration
		reason  fault.Reason
	}{
		"v2, stamped then":            {world.Options{Log: world.LogV2}, 0, []world.Window{around(0)}, year, ""},
		"v2, cosigned":                {world.Options{Log: world.LogV2, Cosignatures: 2}, 0, []world.Window{around(0)}, year, ""},
		"v2, stamped later":           {world.Options{Log: world.LogV2}, 2 * time.Hour, []world.Window{around(0)}, year, fault.LogInvalid},
		"v2, stamped before":          {world.Options{Log: world.LogV2}, 0, []world.Window{around(2 * time.Hour)}, year, fault.LogInvalid},
		"v2, in one of its windows":   {world.Options{Log: world.LogV2}, 0, []world.Window{around(year), around(0)}, 2 * year, ""},
		"v2, in none of its windows":  {world.Options{Log: world.LogV2}, 0, []world.Window{around(year), around(-year)}, year, fault.LogInvalid},
		"v2, not stamped":             {world.Options{Log: world.LogV2, NoTimestamp: true}, 0, []world.Window{around(0)}, year, fault.LogInvalid},
		"v2, not stamped, then":       {world.Options{Log: world.LogV2, NoTimestamp: true}, 0, []world.Window{around(0)}, 0, ""},
		"proof, stamped then":         {world.Options{Log: world.LogV1Proof}, 0, []world.Window{around(0)}, year, ""},
		"proof, stamped later":        {world.Options{Log: world.LogV1Proof}, 2 * time.Hour, []world.Window{around(0)}, year, fault.LogInvalid},
		"proof, not stamped":          {world.Options{Log: world.LogV1Proof, NoTimestamp: true}, 0, []world.Window{around(0)}, year, fault.LogInvalid},
		"proof, not stamped, then":    {world.Options{Log: world.LogV1Proof, NoTimestamp: true}, 0, []world.Window{around(0)}, 0, ""},
		"promise":                     {world.Options{NoTimestamp: true}, 0, []world.Window{around(0)}, year, ""},
		"promise, stamped in window":  {world.Options{}, 2 * time.Hour, []world.Window{around(2 * time.Hour)}, year, fault.LogInvalid},
		"promise, in its last window": {world.Options{}, 0, []world.Window{around(year), around(0)}, year, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.options.Stamp.At = signed.Add(tt.stamp)
			e, policy := keyEvidence(t, w, tt.options)
			policy.Root, policy.At, policy.Proofs.Log = windowed(t, w, tt.windows...), signed.Add(max(tt.at, 2*time.Second)), 1
			policy.Proofs.Witness = tt.options.Cosignatures
			_, err := verify.Verify(t.Context(), read(t, e.Bundle), policy)
			if tt.reason == "" {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
		})
	}
}

// TestTimeFromElsewhere judges an entry without a time by a time that is proven in
// another bundle of the same signature, or in a file of its own; and there, by one in
// the bundle.
func TestTimeFromElsewhere(t *testing.T) {
	w := world.New(t.Name())
	signed := w.Clock.Now()
	whole, policy := keyEvidence(t, w, world.Options{Log: world.LogV2})
	logged := without(t, whole.Bundle, "timestampVerificationData")
	stamped := without(t, whole.Bundle, "tlogEntries")
	policy.At, policy.Proofs = signed.AddDate(1, 0, 0), verify.Proofs{Log: 1}
	policy.Root = windowed(t, w, world.Window{From: signed.Add(-time.Hour), Until: signed.Add(time.Hour)})

	_, err := verify.Verify(t.Context(), read(t, logged), policy)
	require.Equal(t, fault.LogInvalid, fault.ReasonOf(err), "%v", err)
	r, err := verify.Verify(t.Context(), read(t, logged, stamped), policy)
	require.NoError(t, err)
	assert.Equal(t, signed, r.Results[0].Signers[0].Time.At)

	apart := func(from []byte) *verify.Policy {
		out := *policy
		out.Loose = func([]byte, []byte) []verify.Loose {
			items, _, err := bundle.Read(input.FromReaderAt("bundle", bytes.NewReader(from), int64(len(from))))
			require.NoError(t, err)
			m := items[0].Material
			return []verify.Loose{{Place: "apart", Material: bundle.Material{LogEntries: m.LogEntries, Timestamps: m.Timestamps}}}
		}
		return &out
	}
	_, err = verify.Verify(t.Context(), read(t, logged), apart(stamped))
	require.NoError(t, err)
	_, err = verify.Verify(t.Context(), read(t, stamped), apart(logged))
	require.NoError(t, err)
}
