package verify

import (
	"slices"
	"strconv"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// filter judges every verified signature by one demand. It fails if none, or
// only halves of hybrids, meet it. Signatures that do not meet it no longer
// count; the first demand that one failed is its reason.
//
// Each filter looks at all verified signatures, whatever other filters found:
// one report names everything that is wrong. Only the threshold adds up.
func (j *judgement) filter(demand func(*Signer) error) error {
	var failure error
	met := j.noCandidates()
	for i := range j.result.Signers {
		s := &j.result.Signers[i]
		if !s.Verified {
			continue
		}
		err := demand(s)
		if err == nil {
			met[s.key] = true
			continue
		}
		if u, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
			return u
		}
		s.withdraw(err)
		if failure == nil {
			failure = err
		}
	}
	err := j.anyHolder(met)
	if err != nil && failure != nil {
		err = failure
	}
	if j.nobody == nil {
		j.nobody = err
	}
	return err
}

// withdraw says why a verified signature does not count.
func (s *Signer) withdraw(err error) {
	s.Counted = false
	if s.Reason == "" {
		s.Reason, s.Message = fault.ReasonOf(err), err.Error()
	}
}

// anyHolder fails if the signatures by the marked candidates make no holder.
func (j *judgement) anyHolder(marked []bool) error {
	if !j.bench.hybrid && slices.Contains(marked, true) {
		return nil
	}
	tally := dsse.Count(j.keys(), marked)
	return tally.Check(1, j.keyName)
}

// noCandidates returns room to mark candidates in, for one count: the next one uses it
// again.
func (j *judgement) noCandidates() []bool {
	if len(j.marked) < len(j.candidates) {
		j.marked = make([]bool, len(j.candidates))
	}
	clear(j.marked)
	return j.marked
}

// keys are the candidates as they are counted.
func (j *judgement) keys() []dsse.Key {
	if len(j.candidates) == len(j.bench.counted) {
		return j.bench.counted
	}
	out := make([]dsse.Key, len(j.candidates))
	for i := range j.candidates {
		out[i] = j.candidates[i].Key
	}
	return out
}

// tally counts the holders whose signatures have met every demand so far.
func (j *judgement) tally() dsse.Tally {
	good := j.noCandidates()
	for i := range j.result.Signers {
		if s := &j.result.Signers[i]; s.Counted {
			good[s.key] = true
		}
	}
	t := dsse.Count(j.keys(), good)
	j.markHalves(&t)
	return t
}

// markHalves says of the signatures that count only together with others why
// they do not.
func (j *judgement) markHalves(t *dsse.Tally) {
	for i := range j.result.Signers {
		s := &j.result.Signers[i]
		if !s.Verified || s.Reason != "" {
			continue
		}
		if h := t.Half(s.key); h != nil {
			s.withdraw(h.Err(j.keyName))
		}
	}
}

// counting returns those of the votes that usable takes and that count then. Whatever
// bars a vote, what is left is brought together anew: without the other half that of a
// hybrid counts for nothing. keys are those that the votes' keys are indices of.
func counting(keys []dsse.Key, votes []vote, usable func(*vote) bool) ([]*vote, dsse.Tally) {
	good := make([]bool, len(keys))
	for i := range votes {
		if key := votes[i].Signer.key; key != noKey && usable(&votes[i]) {
			good[key] = true
		}
	}
	tally := dsse.Count(keys, good)
	var out []*vote
	for i := range votes {
		if v := &votes[i]; usable(v) && tally.Half(v.Signer.key) == nil {
			out = append(out, v)
		}
	}
	return out, tally
}

// unbarred takes the votes that the rule does not bar.
func unbarred(v *vote) bool { return v.barred == nil }

// anyVote takes every vote.
func anyVote(*vote) bool { return true }

// barHalves bars the votes that count only together with others that are barred.
func (j *judgement) barHalves(votes []vote) {
	_, tally := counting(j.keys(), votes, unbarred)
	for i := range votes {
		v := &votes[i]
		if h := tally.Half(v.Signer.key); h != nil && v.barred == nil {
			v.barred = h.Err(j.keyName)
		}
	}
}

// fillWith fills the rule's requirements with the votes that usable takes.
func (j *judgement) fillWith(a *applied, usable func(*vote) bool) *filling {
	votes, _ := counting(j.keys(), a.votes, usable)
	return fill(a.rule.requirements(), votes)
}

// checkThreshold counts the distinct holders whose signatures count.
func checkThreshold(j *judgement) error {
	t := j.tally()
	if len(t.Holders) == 0 && j.nobody != nil { // says why better than a count does
		return fault.New(fault.ReasonOf(j.nobody), "0 of %d demanded holders signed", j.policy.Threshold)
	}
	if err := t.Check(j.policy.Threshold, j.keyName); err != nil {
		return j.beyondTrust(err)
	}
	j.found = holdersSigned(len(t.Holders), j.policy.Threshold)
	return nil
}

// holdersSigned says how many holders signed, of how many that must have at least.
func holdersSigned(n, demanded int) string {
	if n > demanded {
		return "signed by " + strconv.Itoa(n) + " holders, " + strconv.Itoa(demanded) + " demanded"
	}
	return strconv.Itoa(n) + " of " + strconv.Itoa(demanded) + " demanded holders signed"
}

// beyondTrust adds to err, that too few have signed, that no more are trusted. Where anybody
// in whose name a certificate is may be one more, it adds nothing.
func (j *judgement) beyondTrust(err error) error {
	all := make([]bool, len(j.bench.counted))
	for i := range all {
		all[i] = true
	}
	n := len(dsse.Count(j.bench.counted, all).Holders)
	if n >= j.policy.Threshold || len(j.bench.identities) > 0 {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "").
		WithHint("no more than %s can have signed: trust more keys or identities, of other holders, or demand fewer", counted(n, "holder"))
}
