package verify_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// bundled signs into a bundle, with time stamps of the given ages.
func bundled(t testing.TB, w *world.World, m dsse.Message, k key, ages ...time.Duration) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := bundle.Write(t.Context(), &out, m, k.signer(t))
	require.NoError(t, err)
	for _, age := range ages {
		f := input.FromBytes("evidence", bytes.Clone(out.Bytes()))
		items, _, err := bundle.Read(f)
		require.NoError(t, err)
		response := w.TSA.Stamp(items[0].Envelope.Signatures()[0].Sig, world.Stamp{At: w.Clock.Now().Add(-age)})
		out.Reset()
		require.NoError(t, bundle.WriteStamped(&out, f, &items[0], response))
	}
	return out.Bytes()
}

// TestHalfAHybridMeetsNoRule has a holder sign with both keys of a hybrid, of which a
// rule bars one: what is left counts for nothing, whatever barred the other.
func TestHalfAHybridMeetsNoRule(t *testing.T) {
	w := world.New(t.Name())
	classical, quantum, bob := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65), newKey(t, "bob", keys.ECDSAP256)
	for _, k := range []*key{&classical, &quantum} {
		k.trusted.Holder, k.trusted.Hybrid = "team", "2026"
	}
	plain := trust(t, classical, quantum, bob)
	root, err := material.ParseRoot("trusted_root.json", w.TrustedRoot())
	require.NoError(t, err)
	m := statement(t, appSubject())
	both := [][]byte{sealed(t, m, classical, quantum)}
	stamped := func(first, second []time.Duration) [][]byte {
		return [][]byte{bundled(t, w, m, classical, first...), bundled(t, w, m, quantum, second...)}
	}
	none, fresh, stale := []time.Duration{}, []time.Duration{time.Minute}, []time.Duration{2 * time.Hour}
	hardware := verify.SignatureDemands{Hardware: true}
	only := func(a ...keys.Algorithm) verify.SignatureDemands { return verify.SignatureDemands{Algorithms: a} }
	timestamp := verify.SignatureDemands{Proofs: verify.Proofs{Timestamp: 1}}
	newest := verify.Rule{MaxAge: time.Hour}
	teamAndBob := []verify.Requirement{{Name: "two", Threshold: 2}}

	for _, row := range []struct {
		name     string
		evidence [][]byte
		trust    *keys.Trust
		set      verify.SignatureDemands
		rule     verify.Rule
		want     fault.Reason
	}{
		{"nothing demanded", both, plain, verify.SignatureDemands{}, verify.Rule{}, ""},
		{"both in hardware", both, trust(t, attestedKey(classical), attestedKey(quantum)), hardware, verify.Rule{}, ""},
		{"one in hardware, by the policy", both, trust(t, classical, attestedKey(quantum), attestedKey(bob)), hardware, verify.Rule{}, fault.KeyNotAttested},
		{"one in hardware, by the rule", both, trust(t, attestedKey(classical), quantum, attestedKey(bob)), verify.SignatureDemands{}, verify.Rule{Signature: hardware}, fault.KeyNotAttested},
		{"the classical algorithm alone", both, plain, only(keys.ECDSAP256), verify.Rule{}, fault.KeyForbidden},
		{"both algorithms", both, plain, only(keys.ECDSAP256, keys.MLDSA65), verify.Rule{}, ""},
		{"the classical algorithm alone, by the rule", both, plain, verify.SignatureDemands{}, verify.Rule{Signature: only(keys.ECDSAP256)}, fault.KeyForbidden},
		{"half beside another holder", [][]byte{sealed(t, m, classical, quantum, bob)}, plain, only(keys.ECDSAP256), verify.Rule{}, ""},
		{"half and another holder for two", [][]byte{sealed(t, m, classical, quantum, bob)}, plain, timestamp, verify.Rule{Signers: teamAndBob}, fault.TimestampMissing},
		{"both stamped", stamped(fresh, fresh), plain, timestamp, verify.Rule{}, ""},
		{"the classical one stamped", stamped(fresh, none), plain, timestamp, verify.Rule{}, fault.TimestampMissing},
		{"the other one stamped", stamped(none, fresh), plain, verify.SignatureDemands{}, verify.Rule{Signature: timestamp}, fault.TimestampMissing},
		{"both new", stamped(fresh, fresh), plain, verify.SignatureDemands{}, newest, ""},
		{"one of no proven age", stamped(fresh, none), plain, verify.SignatureDemands{}, newest, fault.TimeUnproven},
		{"the other of no proven age", stamped(none, fresh), plain, verify.SignatureDemands{}, newest, fault.TimeUnproven},
		{"one old", stamped(fresh, stale), plain, verify.SignatureDemands{}, newest, fault.EvidenceStale},
		{"the other old", stamped(stale, fresh), plain, verify.SignatureDemands{}, newest, fault.EvidenceStale},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.rule.Name = "r"
			policy := &verify.Policy{
				Trust: row.trust, Root: root, Threshold: 1, At: w.Clock.Now(),
				RuleSets: []verify.RuleSet{{Name: "p", Signature: row.set, Rules: []verify.Rule{row.rule}}},
			}
			r, err := verify.Verify(t.Context(), evidence(t, row.evidence...), policy)
			require.NotNil(t, r, "%v", err)
			assertVerdict(t, row.want, r, err)
			var in files
			for _, content := range row.evidence {
				in = append(in, file{name: "x.sigstore.json", content: string(content), named: true})
			}
			r, err = stream(t, in, policy, verify.StreamOptions{})
			require.NotNil(t, r, "%v", err)
			assertVerdict(t, row.want, r, err)
		})
	}
}

// attestedKey is a key that the trust holds to be in hardware.
func attestedKey(k key) key {
	k.trusted.Hardware = &keys.Hardware{Format: "tpm2-certify"}
	return k
}

// The report says of which half nothing is left because of the other one.
func TestHalfAHybridInTheReport(t *testing.T) {
	classical, quantum, bob := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65), newKey(t, "bob", keys.ECDSAP256)
	for _, k := range []*key{&classical, &quantum} {
		k.trusted.Holder, k.trusted.Hybrid = "team", "2026"
	}
	policy := &verify.Policy{Trust: trust(t, classical, quantum, bob), Threshold: 1, At: now(), RuleSets: []verify.RuleSet{{
		Signature: verify.SignatureDemands{Algorithms: []keys.Algorithm{keys.ECDSAP256}}, Rules: []verify.Rule{{Name: "r"}},
	}}}
	r, err := verify.Verify(t.Context(), evidence(t, sealed(t, statement(t, appSubject()), classical, quantum)), policy)
	assert.ErrorContains(t, err, "signature 2 does not count")
	barred := r.Results[0].Rules[0].Barred
	require.Len(t, barred, 2)
	assert.Equal(t, fault.SignatureHybrid, barred[0].Reason)
	assert.Contains(t, barred[0].Message, `no signature by key "quantum"`)
	assert.Equal(t, fault.KeyForbidden, barred[1].Reason)
	assert.Empty(t, r.Results[0].Rules[0].Signers[0].Holders)
}

// Where nobody else is trusted, nobody could ever meet such a rule.
func TestHalfAHybridCannotMeetAPolicy(t *testing.T) {
	classical, quantum := newKey(t, "classical", keys.ECDSAP256), newKey(t, "quantum", keys.MLDSA65)
	for _, k := range []*key{&classical, &quantum} {
		k.trusted.Holder, k.trusted.Hybrid = "team", "2026"
	}
	set := func(d verify.SignatureDemands) []verify.RuleSet {
		return []verify.RuleSet{{Signature: d, Rules: []verify.Rule{{Name: "r"}}}}
	}
	for name, d := range map[string]verify.SignatureDemands{
		"hardware": {Hardware: true}, "classical": {Algorithms: []keys.Algorithm{keys.ECDSAP256}}, "quantum": {Algorithms: []keys.Algorithm{keys.MLDSA65}},
	} {
		p := &verify.Policy{Trust: trust(t, attestedKey(classical), quantum), Threshold: 1, At: now(), RuleSets: set(d)}
		assert.Equal(t, fault.PolicyUnsatisfiable, fault.ReasonOf(p.Satisfiable()), name)
	}
	p := &verify.Policy{Trust: trust(t, attestedKey(classical), attestedKey(quantum)), Threshold: 1, At: now(), RuleSets: set(verify.SignatureDemands{Hardware: true})}
	assert.NoError(t, p.Satisfiable())
}
