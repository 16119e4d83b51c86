package promotion_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
)

// next makes a promotion that goes on after another.
func (w *team) next(previous *input.File, from, to string, files ...promotion.File) *predicate.Promotion {
	w.Helper()
	made, err := promotion.Assemble(w.Context(), promotion.Input{
		Image: image(), Policy: w.policy, Previous: previous, Files: files,
		Step: predicate.Step{From: from, To: to, Actor: "release", Timestamp: "2026-11-23T08:00:00Z"},
	})
	require.NoError(w, err)
	return made.Predicate
}

// A promotion is not signed before the one that it continues, by proven time; what
// the statements say of their time plays no part.
func TestChainGoesForward(t *testing.T) {
	for name, tt := range map[string]struct {
		second time.Duration
		want   string
	}{
		"later":   {time.Hour, "passed"},
		"skew":    {-time.Minute, "passed"},
		"earlier": {-time.Hour, "failed promotion.chain_broken"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			sbom := w.sbom(world.NoLog)
			file := promotion.File{Role: predicate.RoleSBOM, File: sbom}
			start := w.Clock.Now()
			one := w.promoteIn(w.next(nil, "dev", "staging", file), world.LogV1)
			w.Clock.Set(start.Add(tt.second))
			two := w.promoteIn(w.next(one, "staging", "prod", file), world.LogV1)
			w.policy.At = start.Add(2 * time.Hour)
			r, err := w.verify(two, promotion.Demands{Chain: true}, one, sbom)
			assert.Equal(t, tt.want, outcome(r, "chain"), "%v", err)
			assert.Len(t, r.Results, 3)
		})
	}
}

// TestOneIsVerified: what is to be verified must be one promotion.
func TestOneIsVerified(t *testing.T) {
	w := newTeam(t)
	sbom := w.sbom(world.NoLog)
	file := promotion.File{Role: predicate.RoleSBOM, File: sbom}
	one, two := w.promote(w.next(nil, "dev", "staging", file)), w.promote(w.next(nil, "dev", "prod", file))
	_, err := promotion.Verify(t.Context(), w.collect(one, two), w.collect(sbom), w.policy, promotion.Demands{})
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
	_, err = promotion.Verify(t.Context(), w.collect(sbom), w.collect(one), w.policy, promotion.Demands{})
	assert.Equal(t, fault.PredicateType, fault.ReasonOf(err))
	_, err = promotion.Verify(t.Context(), w.collect(one, one), w.collect(sbom), w.policy, promotion.Demands{})
	require.NoError(t, err, "the same twice is one")
}

// A promotion of the original's form names no payload of an attestation: its signature
// is judged, and what it rests on is said to be missing.
func TestOriginalForm(t *testing.T) {
	w := newTeam(t)
	p := w.next(nil, "dev", "staging", promotion.File{Role: predicate.RoleSBOM, File: w.sbom(world.NoLog)})
	p.Attestation.PayloadSHA256, p.Materials[0].Attestation = "", nil
	p.Attestation = &predicate.AttestationRef{BundleSHA256: p.Attestation.BundleSHA256, Witness: "witness.example"}
	r, err := w.verify(w.promote(p), promotion.Demands{})
	assert.Equal(t, fault.PromotionEvidence, fault.ReasonOf(err))
	assert.Equal(t, "passed", outcome(r, "promotion"))
	assert.Equal(t, "passed", outcome(r, "actor"))
}

// A promotion that says one thing in its head and another in its materials is none.
func TestContradiction(t *testing.T) {
	w := newTeam(t)
	sbom := w.sbom(world.LogV1)
	for name, change := range map[string]func(p *predicate.Promotion){
		"attestation": func(p *predicate.Promotion) {
			p.Attestation = &predicate.AttestationRef{BundleSHA256: p.Attestation.PayloadSHA256, PayloadSHA256: p.Attestation.PayloadSHA256}
		},
		"receipt": func(p *predicate.Promotion) {
			other := *p.Rekor
			other.LogIndex++
			p.Rekor = &other
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.assemble(sbom)
			change(p)
			r, err := w.verify(w.promote(p), promotion.Demands{}, sbom)
			assert.Equal(t, fault.PromotionMaterial, fault.ReasonOf(err))
			assert.Equal(t, "failed promotion.material_mismatch", outcome(r, "promotion"))
			assert.Equal(t, "not_run", outcome(r, "actor"))
		})
	}
}
