package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/fault"
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
