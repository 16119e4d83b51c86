package verify

import (
	"time"

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

// looseBeside is a Loose with what became of it against one signature.
type looseBeside struct {
	beside
	place string
}

func besides(loose []looseBeside) []beside {
	var out []beside
	for _, l := range loose {
		out = append(out, l.beside)
	}
	return out
}

// looseBeside judges what lies apart and may be about a verified signature.
func (j *judgement) looseBeside(own bundle.Item, to *held) []looseBeside {
	if j.policy.Loose == nil {
		return nil
	}
	var out []looseBeside
	for _, l := range j.policy.Loose(to.Signature, own.Material.Stamped) {
		item := bundle.Item{Material: l.Material}
		item.Material.Stamped = own.Material.Stamped
		out = append(out, looseBeside{j.beside(item, materialSum(&item), to), l.Place})
	}
	return out
}

// looseProofs adds the proofs that lie apart. What is established counts as if it lay
// beside the signature; what is not is the file's own affair, and stands in the
// result for the caller.
func (j *judgement) looseProofs(to []Proof, s *Signer, loose []looseBeside, proven []time.Time) []Proof {
	for _, l := range loose {
		proofs := l.proofs(proven)
		for _, p := range proofs {
			j.result.Loose = append(j.result.Loose, LooseFinding{l.place, j.result.Evidence[s.Evidence], p})
		}
		to = withEstablished(to, proofs)
	}
	return to
}
