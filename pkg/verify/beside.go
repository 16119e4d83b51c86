package verify

import (
	"time"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/pkg/verify/material"
)

// beside is what became of the material of one item, or of a file of proofs, before
// it is known when the signature is proven to have been there.
type beside struct {
	entries []material.LogEntry
	stamps  []material.Timestamp
}

// judgeBeside judges the material of one item.
func (j *judgement) judgeBeside(item bundle.Item, signed material.Signed) beside {
	m := item.Material
	return beside{
		entries: j.policy.Root.LogEntries(m.LogEntries, signed, item.Version, j.policy.At),
		stamps:  j.timestamps(m, signed.Signature),
	}
}

// provenBy are the times that the material of one signature proves: those of
// [provenTimes], by which log entries without one are judged.
func provenBy(all []beside) []time.Time {
	var out []time.Time
	for _, b := range all {
		for _, e := range b.entries {
			if e.Err == nil && !e.Time.IsZero() {
				out = append(out, e.Time)
			}
		}
		for _, t := range b.stamps {
			if t.Err == nil {
				out = append(out, t.Time)
			}
		}
	}
	return out
}

// proofs are the findings on a signature that is proven to have been there at some
// times.
func (b *beside) proofs(proven []time.Time) []Proof {
	var out []Proof
	for _, undated := range b.entries {
		e := undated.At(proven...)
		p := newProof(ProofLog, e.Authority, e.Operator, e.Time, e.Err)
		if e.Index >= 0 {
			p.LogIndex, p.LogID = &e.Index, e.LogID
		}
		out = append(out, p)
		for _, witness := range e.Witnesses {
			out = append(out, Proof{Kind: ProofWitness, Status: Passed, Authority: witness.Name, operator: witness.Name, witness: witness})
		}
	}
	for _, t := range b.stamps {
		out = append(out, newProof(ProofTimestamp, t.Authority, t.Operator, t.Time, t.Err))
	}
	return out
}
