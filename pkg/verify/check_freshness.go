package verify

import (
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// MaxClockSkew is how far a proven signing time may lie after the time of
// verification, since clocks differ.
const MaxClockSkew = 5 * time.Minute

// checkFreshness holds the signatures that meet each rule to its age. Only a
// proven time counts: what the signer says of it proves nothing. A requirement
// is met afresh, so an old signature beside enough new ones does no harm.
func checkFreshness(j *judgement) error {
	if len(j.applied) < len(j.policy.RuleSets) {
		return notRun("no rule is about the statement")
	}
	demanded := false
	var failure error
	for _, a := range j.applied {
		if a.rule.MaxAge == 0 {
			continue
		}
		demanded = true
		if err := j.judgeAge(a); err != nil && failure == nil {
			failure = err
		}
	}
	if !demanded {
		return notDemanded("evidence of any age")
	}
	j.found = "as new as the policy demands"
	return failure
}

func (j *judgement) judgeAge(a *applied) error {
	fresh := func(v *vote) bool {
		return v.barred == nil && v.proven() && j.isFresh(v.Time.At, a.rule.MaxAge)
	}
	if j.fillWith(a, fresh).full {
		return nil
	}
	unproven := func(v *vote) bool { return v.barred == nil && (!v.proven() || fresh(v)) }
	if j.fillWith(a, unproven).full {
		return fault.New(fault.TimeUnproven, "%s wants evidence of the last %s, and nothing proves when it was signed", a.describe(), Age(a.rule.MaxAge)).
			WithHint("ask the signer for evidence with a time stamp or a log entry")
	}
	return fault.New(fault.EvidenceStale, "%s wants evidence of the last %s, and too few signatures are proven to be of that time", a.describe(), Age(a.rule.MaxAge)).
		WithHint("ask the signer for new evidence")
}

func (v *vote) proven() bool { return v.Time != nil && v.Time.Proven }

func (j *judgement) isFresh(signed time.Time, most time.Duration) bool {
	age := j.policy.At.Sub(signed)
	return age <= most && age >= -MaxClockSkew
}

// Age returns a duration for people: in days where it is whole days.
func Age(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return counted(int(d/day), "day")
	}
	return d.String()
}
