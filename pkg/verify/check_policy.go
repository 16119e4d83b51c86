package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// checkType compares the predicate type with the demanded one.
func checkType(j *judgement) error {
	want := j.policy.PredicateType
	if want == "" {
		return notDemanded("any predicate type")
	}
	if j.statement == nil {
		return fault.New(fault.PredicateType, "there is no statement, and so no predicate of type %q", want)
	}
	if found := j.statement.PredicateType; !slices.Contains(j.policy.spellings(want), found) {
		return fault.New(fault.PredicateType, "the predicate type is not the demanded %q", want)
	}
	j.found = "the demanded one"
	return nil
}

// checkKey judges every key that signed at the policy's time and fails if none
// was good. A signature by one that was not does not count, and neither does
// one by half of a hybrid whose other half was not.
func checkKey(j *judgement) error {
	var spellings []string
	if j.statement != nil {
		spellings = j.policy.spellings(j.statement.PredicateType)
	}
	trusted := j.policy.Trust.Keys()
	var failure error
	good := make(map[int]bool)
	for i := range j.result.Signers {
		s := &j.result.Signers[i]
		if !s.Verified {
			continue
		}
		err := trusted[s.key].ValidAt(keys.SigningTime{Time: j.policy.At})
		if err == nil {
			err = allowed(&trusted[s.key], spellings)
		}
		if err == nil {
			s.Counted, good[s.key] = true, true
			continue
		}
		s.Reason, s.Message = fault.ReasonOf(err), err.Error()
		if failure == nil {
			failure = err
		}
	}
	j.tally = dsse.Count(tallyKeys(trusted), good)
	j.markHalves(&j.tally)
	err := j.tally.Check(1, j.keyName)
	if err == nil {
		j.found = "good at " + j.policy.At.UTC().Format(time.RFC3339)
		return nil
	}
	if failure == nil {
		failure = err
	}
	return failure
}

// tallyKeys are trusted keys as they are counted.
func tallyKeys(trusted []keys.TrustedKey) []dsse.Key {
	out := make([]dsse.Key, len(trusted))
	for i, k := range trusted {
		out[i] = dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid}
	}
	return out
}

// checkThreshold counts the distinct holders whose signatures count.
func checkThreshold(j *judgement) error {
	if err := j.tally.Check(j.policy.Threshold, j.keyName); err != nil {
		return err
	}
	j.found = fmt.Sprintf("%d of %d demanded holders signed", len(j.tally.Holders), j.policy.Threshold)
	return nil
}

// allowed judges the predicate type. Its message leaves out the type, which is
// the evidence's word.
func allowed(k *keys.TrustedKey, spellings []string) error {
	if k.Allows(spellings...) == nil {
		return nil
	}
	return fault.New(fault.KeyTypeForbidden, "key %q may not sign this predicate type", k.Name)
}
