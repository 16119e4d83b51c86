package promotion_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/promotion"
	"github.com/stellaops/stella/internal/testkit/world"
	"github.com/stellaops/stella/pkg/verify/material"
)

// The receipt that a promotion brings counts as if it lay beside the signature: the
// bare envelope of the SBOM then has the log that is demanded.
func TestReceiptTravels(t *testing.T) {
	for name, log := range map[string]world.Log{"Rekor v1": world.LogV1, "v1 without time": world.LogV1Proof, "Rekor v2": world.LogV2} {
		t.Run(name, func(t *testing.T) {
			w := newTeam(t)
			evidence := w.sbom(log)
			p := w.assemble(evidence)
			require.NotNil(t, p.Rekor)
			assert.Equal(t, p.Rekor, p.Materials[0].Rekor)
			assert.Equal(t, p.Attestation, p.Materials[0].Attestation)
			named := w.promote(p)

			for _, given := range []func() (string, error){
				func() (string, error) {
					r, err := w.verify(named, promotion.Demands{}, evidence)
					return outcome(r, "receipt"), err
				},
				func() (string, error) {
					r, err := w.verify(named, promotion.Demands{}, bare(t, evidence))
					return outcome(r, "receipt"), err
				},
			} {
				got, err := given()
				require.NoError(t, err)
				assert.Equal(t, "passed", got)
			}
		})
	}
}

// TestReceiptOfStrangers: a log that is not trusted establishes nothing, and a proof
// that leads nowhere is refused all the same.
func TestReceiptOfStrangers(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.LogV1)
	p := w.assemble(evidence)
	w.policy.Root = &material.Root{}
	r, err := w.verify(w.promote(p), promotion.Demands{}, evidence)
	require.NoError(t, err)
	assert.Equal(t, "not_demanded", outcome(r, "receipt"))

	hashes := &p.Rekor.InclusionProof.Hashes
	*hashes = append(*hashes, strings.Repeat("a", 64))
	r, err = w.verify(w.promote(p), promotion.Demands{}, evidence)
	assert.Equal(t, fault.LogInvalid, fault.ReasonOf(err))
	assert.Equal(t, "failed log.invalid", outcome(r, "receipt"))
}

// TestReceiptMutations changes a receipt, in the head and in the material alike. It makes
// no difference whether the genuine entry lies beside.
func TestReceiptMutations(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.LogV1)
	for name, change := range map[string]func(r *predicate.Receipt){
		"uuid":         func(r *predicate.Receipt) { r.UUID = strings.Repeat("0", 64) },
		"body":         func(r *predicate.Receipt) { r.Body = "AAAA" },
		"no body":      func(r *predicate.Receipt) { r.Body = "" },
		"root":         func(r *predicate.Receipt) { r.InclusionProof.RootHash = strings.Repeat("0", 64) },
		"size":         func(r *predicate.Receipt) { r.InclusionProof.TreeSize++ },
		"checkpoint":   func(r *predicate.Receipt) { r.InclusionProof.Checkpoint.Size++ },
		"origin":       func(r *predicate.Receipt) { r.InclusionProof.Checkpoint.Origin = "elsewhere" },
		"note":         func(r *predicate.Receipt) { r.InclusionProof.Checkpoint.SignedNote = "x" },
		"unsigned":     func(r *predicate.Receipt) { unsign(r) },
		"another time": func(r *predicate.Receipt) { r.IntegratedTime-- },
	} {
		t.Run(name, func(t *testing.T) {
			p := w.assemble(evidence)
			change(p.Rekor)
			if p.Materials[0].Rekor != p.Rekor {
				change(p.Materials[0].Rekor)
			}
			named := w.promote(p)
			for _, given := range []*input.File{bare(t, evidence), evidence} {
				r, err := w.verify(named, promotion.Demands{}, given)
				assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
				assert.Equal(t, "failed log.invalid", outcome(r, "receipt"))
			}
		})
	}
}

// unsign takes the signatures off a checkpoint.
func unsign(r *predicate.Receipt) {
	text, _, _ := strings.Cut(r.InclusionProof.Checkpoint.SignedNote, "\n\n")
	r.InclusionProof.Checkpoint.SignedNote = text + "\n\n"
}

// Another attestation's receipt is no proof for this one.
func TestReceiptOfAnother(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.LogV1)
	p := w.assemble(evidence)
	other := w.assemble(w.sbomOf(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"b"}]}`, world.LogV1))
	require.NotEqual(t, p.Rekor.UUID, other.Rekor.UUID)
	p.Rekor, p.Materials[0].Rekor = other.Rekor, other.Rekor
	r, err := w.verify(w.promote(p), promotion.Demands{}, bare(t, evidence))
	assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
	assert.Equal(t, "failed log.invalid", outcome(r, "receipt"))
}

// invent makes a receipt with a body that no log holds, and nothing that could prove it.
func invent(r *predicate.Receipt) {
	body := []byte(`{"apiVersion":"0.0.1","kind":"dsse","spec":{}}`)
	leaf := sha256.Sum256(append([]byte{0}, body...))
	r.Body, r.UUID = base64.StdEncoding.EncodeToString(body), hex.EncodeToString(leaf[:])
	r.InclusionProof = nil
}

// TestReceiptInvented: a receipt is not held because some entry that passed has its index.
func TestReceiptInvented(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.LogV1)
	for name, tt := range map[string]struct {
		change func(r *predicate.Receipt)
		want   string
	}{
		"another body":      {invent, "failed log.invalid"},
		"of another log":    {func(r *predicate.Receipt) { invent(r); r.LogID = strings.Repeat("0", 64) }, "not_demanded"},
		"the same, renamed": {func(r *predicate.Receipt) { r.InclusionProof, r.LogID = nil, strings.Repeat("0", 64) }, "not_demanded"},
		"elsewhere":         {func(r *predicate.Receipt) { invent(r); r.LogIndex++ }, "not_demanded"},
		"another time":      {func(r *predicate.Receipt) { r.InclusionProof = nil; r.IntegratedTime-- }, "failed log.invalid"},
		"another promise":   {func(r *predicate.Receipt) { r.InclusionProof, r.SignedEntryTimestamp = nil, "AAAA" }, "not_demanded"},
		"the promise alone": {func(r *predicate.Receipt) { r.InclusionProof = nil }, "passed"},
		"unchanged":         {func(*predicate.Receipt) {}, "passed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := w.assemble(evidence)
			receipt := *p.Rekor
			tt.change(&receipt)
			p.Rekor, p.Materials[0].Rekor = &receipt, &receipt
			r, err := w.verify(w.promote(p), promotion.Demands{}, evidence)
			require.NotNil(t, r, "%v", err)
			assert.Equal(t, tt.want, outcome(r, "receipt"), "%v", err)
		})
	}
}

// TestReceiptOfEachStep: the receipts of all steps are judged, also where they are about
// the same attestation.
func TestReceiptOfEachStep(t *testing.T) {
	w := newTeam(t)
	evidence := w.sbom(world.LogV1)
	file := promotion.File{Role: predicate.RoleSBOM, File: evidence}
	first := w.next(nil, "dev", "staging", promotion.File{Role: predicate.RoleSBOM, File: bare(t, evidence)})
	require.Nil(t, first.Rekor)
	one := w.promote(first)
	two := w.promote(w.next(one, "staging", "prod", file))
	r, err := w.verify(two, promotion.Demands{}, one, bare(t, evidence))
	require.NoError(t, err)
	assert.Equal(t, "passed", outcome(r, "receipt"))

	first = w.next(nil, "dev", "staging", file)
	one = w.promote(first)
	second := w.next(one, "staging", "prod", promotion.File{Role: predicate.RoleSBOM, File: bare(t, evidence)})
	r, err = w.verify(w.promote(second), promotion.Demands{}, one, bare(t, evidence))
	require.NoError(t, err)
	assert.Equal(t, "passed", outcomeOf(&r.Results[1], "receipt"))
	first.Rekor.SignedEntryTimestamp, first.Materials[0].Rekor.SignedEntryTimestamp = "AAAA", "AAAA"
	one = w.promote(first)
	second = w.next(one, "staging", "prod", promotion.File{Role: predicate.RoleSBOM, File: bare(t, evidence)})
	r, err = w.verify(w.promote(second), promotion.Demands{}, one, bare(t, evidence))
	assert.Equal(t, fault.ExitRejected, fault.ReasonOf(err).Exit(), "%v", err)
	assert.Equal(t, "failed log.invalid", outcomeOf(&r.Results[1], "receipt"))
}
