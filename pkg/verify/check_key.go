package verify

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

const goodAt = "good at "

// checkKey judges every key and every certificate at its signing time.
func checkKey(j *judgement) error {
	var spellings []string
	if j.statement != nil {
		spellings = j.policy.spellings(j.statement.PredicateType)
	}
	err := j.filter(func(s *Signer) error {
		c := &j.candidates[s.key]
		if c.issued != nil {
			return j.certificateGood(c.issued, s)
		}
		if err := c.trusted.ValidAt(s.judgedAt()); err != nil {
			return err
		}
		return allowed(c.trusted, spellings)
	})
	if err == nil {
		j.found = j.bench.goodAtVerification
		if j.anyProven() {
			j.found = goodAt + j.timesUsed()
		}
	}
	return err
}

// allowed judges the predicate type. Its message leaves out the type, which is
// the evidence's word.
func allowed(k *keys.TrustedKey, spellings []string) error {
	if k.Allows(spellings...) == nil {
		return nil
	}
	return fault.New(fault.KeyTypeForbidden, "key %q may not sign this predicate type", k.Name).
		WithHint("ask for evidence by a key that may; if this one is to, whoever keeps the trust names the type among the key's predicateTypes")
}
