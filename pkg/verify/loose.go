package verify

import (
	"github.com/stellaops/stella/internal/bundle"
)

// Loose is proofs in a file of their own: where that is, and what there is in it.
type Loose struct {
	Place    string
	Material bundle.Material // log entries and time stamps, nothing else
}

// LooseFinding is what became of a proof that lies apart, against one signature.
type LooseFinding struct {
	Place    string // of the proof
	Evidence Source // whose signature it was held to
	Proof    Proof
}

// looseProofs judges what lies apart and may be about a verified signature. What is
// established counts as if it lay beside it; what is not is the file's own affair, and
// stands in the result for the caller.
func (j *judgement) looseProofs(s *Signer, own bundle.Item, signature []byte) []Proof {
	if j.policy.Loose == nil {
		return nil
	}
	signed := j.signed(s, own)
	var out []Proof
	for _, l := range j.policy.Loose(signature, own.Material.Stamped) {
		item := bundle.Item{Material: l.Material}
		item.Material.Stamped = own.Material.Stamped
		proofs := j.proofsIn(item, signed)
		for _, p := range proofs {
			j.result.Loose = append(j.result.Loose, LooseFinding{l.Place, j.result.Evidence[s.Evidence], p})
		}
		out = append(out, established(proofs)...)
	}
	return out
}
