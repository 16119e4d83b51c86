package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/pkg/keys"
)

// sourceVerification is the source of a signing time that nothing proves. That of
// a proven one is the kind of its proof.
const sourceVerification = "verification"

// decideTime is the rule on time, the only one (contracts §6):
//
//   - A time is proven by an RFC 3161 token over the signature's bytes from a
//     trusted authority, or by a Rekor v1 entry of the signature under a verified
//     signed entry timestamp. Nothing else proves one: not what a statement says,
//     nor an inclusion proof, nor a log entry's time that only its body holds.
//   - The earliest proven time decides: the signature was there by then.
//   - Without a proof it is the time of verification.
func decideTime(proofs []Proof, verification time.Time, source string) SigningTime {
	decided := SigningTime{At: verification.UTC(), Source: source}
	for _, p := range proofs {
		if p.Status != Passed || p.Time.IsZero() || p.Kind != ProofTimestamp && p.Kind != ProofLog {
			continue
		}
		if !decided.Proven || p.Time.Before(decided.At) {
			decided = SigningTime{At: p.Time.UTC(), Source: p.Kind, Authority: p.Authority, Proven: true}
		}
	}
	return decided
}

// provenTimes are all times that are proven. A certificate has to be good at
// each of them (Sigstore client specification, "Certificate"): a later one shows
// that the signer still used it.
func provenTimes(proofs []Proof) []time.Time {
	var out []time.Time
	for _, p := range proofs {
		if p.Status == Passed && !p.Time.IsZero() && (p.Kind == ProofTimestamp || p.Kind == ProofLog) {
			out = append(out, p.Time)
		}
	}
	return out
}

// judgedAt is when a signer's key is judged, for package keys.
func (s *Signer) judgedAt() keys.SigningTime {
	return keys.SigningTime{Time: s.Time.At, Proven: s.Time.Proven}
}

// timesUsed says when the signers that count were judged, each time once.
func (j *judgement) timesUsed() string {
	var words []string
	for _, s := range j.result.Signers {
		if !s.Verified || s.Time == nil {
			continue
		}
		word := s.Time.At.Format(time.RFC3339)
		if s.Time.Proven {
			word = fmt.Sprintf("%s (%s of %s)", word, s.Time.Source, s.Time.Authority)
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
}

// anyProven reports whether the signing time of any signature is proven.
func (j *judgement) anyProven() bool {
	for i := range j.result.Signers {
		if t := j.result.Signers[i].Time; t != nil && t.Proven {
			return true
		}
	}
	return false
}
