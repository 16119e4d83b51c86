package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// applied is a rule that is applied to one payload, with the signatures that
// may count for it.
type applied struct {
	set   *RuleSet
	index int // of the set
	rule  *Rule
	votes []vote
}

// describe names the rule in the policy's words.
func (a *applied) describe() string { return describeRule(a.set, a.rule) }

func describeRule(set *RuleSet, rule *Rule) string {
	if set.Name == "" {
		return fmt.Sprintf("rule %q", rule.Name)
	}
	return fmt.Sprintf("rule %q of policy %q", rule.Name, set.Name)
}

// checkRules finds the rule of each policy that is about the statement, and
// holds those who signed to it.
func checkRules(j *judgement) error {
	if len(j.policy.RuleSets) == 0 {
		return notDemanded("no policy is applied")
	}
	var found []string
	var failure error
	for i := range j.policy.RuleSets {
		set := &j.policy.RuleSets[i]
		a := j.selectRule(set)
		if a == nil {
			return fault.New(fault.PolicyNoRule, "no rule%s is about these subjects and this predicate type", ofPolicy(set)).
				WithHint("ask who keeps the policy for a rule about such evidence; stella policy check explains the rules that there are")
		}
		a.index = i
		j.applied = append(j.applied, a)
		said, err := j.judgeSigners(a)
		if err == nil && a.rule.Promotion != nil && !j.policy.JudgesPromotions {
			err = fault.New(fault.PromotionUnjudged, "%s demands of promotions what takes other evidence to judge", a.describe()).
				WithHint("verify it with stella promotion verify")
		}
		if err != nil && failure == nil {
			failure = err
		}
		found = append(found, a.describe()+": "+said)
	}
	j.found = strings.Join(found, "; ")
	return failure
}

func ofPolicy(set *RuleSet) string {
	if set.Name == "" {
		return ""
	}
	return fmt.Sprintf(" of policy %q", set.Name)
}

// selectRule returns the first rule of the set that is about the payload, or
// nil.
func (j *judgement) selectRule(set *RuleSet) *applied {
	subjects := j.subjectsInQuestion()
	for i := range set.Rules {
		rule := &set.Rules[i]
		if j.isAboutType(rule) && rule.isAboutAll(subjects) {
			return &applied{set: set, rule: rule}
		}
	}
	return nil
}

// subjectsInQuestion are those of the payload's subjects that were demanded, or
// all. A signature over bare bytes is about the artifact that it was verified with;
// what names no subject, about nothing that a rule can name.
func (j *judgement) subjectsInQuestion() []intoto.Subject {
	if j.message == nil {
		var out []intoto.Subject
		for i := range j.policy.Subjects {
			if a := &j.policy.Subjects[i]; j.result.demanded[i] {
				out = append(out, intoto.Subject{Name: a.Name, Digest: a.known()})
			}
		}
		return out
	}
	var matched []intoto.Subject
	for i, s := range j.about {
		if j.result.Claims.Subjects[i].Matched {
			matched = append(matched, s)
		}
	}
	if len(matched) == 0 {
		return j.about
	}
	return matched
}

// isAboutType compares the predicate type in all its spellings.
func (j *judgement) isAboutType(rule *Rule) bool {
	if len(rule.PredicateTypes) == 0 {
		return true
	}
	return j.statement != nil && slices.ContainsFunc(rule.PredicateTypes, func(uri string) bool {
		return slices.Contains(j.policy.spellings(uri), j.statement.PredicateType)
	})
}

func (r *Rule) isAboutAll(subjects []intoto.Subject) bool {
	if len(r.Subjects) == 0 {
		return true
	}
	if len(subjects) == 0 {
		return false
	}
	for i := range subjects {
		if !slices.ContainsFunc(r.Subjects, func(m SubjectMatch) bool { return m.matches(&subjects[i]) }) {
			return false
		}
	}
	return true
}

// matches reports whether a subject meets the demand. Of the digests each that
// is demanded must be there, and at least one of them must be strong.
func (m *SubjectMatch) matches(s *intoto.Subject) bool {
	if !m.Name.isZero() && !m.Name.Matches(s.Name) {
		return false
	}
	identified := len(m.Digest) == 0
	for algorithm, want := range m.Digest {
		if s.Digest[algorithm] != want {
			return false
		}
		identified = identified || strong(algorithm)
	}
	return identified
}

// checkConditions asks whether the statement says what the rules want.
func checkConditions(j *judgement) error {
	if len(j.applied) < len(j.policy.RuleSets) {
		return notRun("no rule is about the statement")
	}
	held := 0
	var failure error
	for _, a := range j.applied {
		facts := &Facts{Statement: j.statement, Message: j.message, Signers: a.signers(), At: j.policy.At}
		for _, c := range a.rule.Conditions {
			err := j.holds(c, facts)
			if _, ok := err.(unjudged); ok { //nolint:errorlint // never wrapped
				return err
			}
			if err != nil && failure == nil {
				failure = fault.Wrap(fault.ReasonOf(err), err, "condition %q of %s", c.Name(), a.describe())
			}
			held++
		}
	}
	if held == 0 {
		return notDemanded("no condition on what is said")
	}
	j.found = counted(held, "condition")
	return failure
}

// counted is a number of things, for people.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// holds asks one condition. What ends the verification as a whole is unjudged.
func (j *judgement) holds(c Condition, facts *Facts) error {
	if facts.Statement == nil {
		return fault.New(fault.PolicyCondition, "there is no statement that could meet it")
	}
	err := c.Holds(j.ctx, facts)
	if err == nil {
		return nil
	}
	if j.ctx.Err() != nil || fault.ReasonOf(err) == fault.InputChanged {
		return unjudged{err}
	}
	return err
}

// unmet makes a finding of every required rule that no evidence met.
func (c *conclusion) unmet(p *Policy) {
	if c.counts.Results == 0 {
		return // nothing was checked, which is a failure already
	}
	for i := range p.RuleSets {
		set := &p.RuleSets[i]
		for k := range set.Rules {
			rule := &set.Rules[k]
			if rule.Required && !c.met[rule] {
				c.whole("required", "", fault.New(fault.PolicyRequired, "no evidence meets %s, which is required", describeRule(set, rule)).
					WithHint("give the evidence that the rule is about as well"))
			}
		}
	}
}
