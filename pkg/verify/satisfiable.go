package verify

import "github.com/stellaops/stella/internal/fault"

// Satisfiable returns fault.PolicyUnsatisfiable if a rule wants more
// holders than the trust and the identities have, however they all signed, or
// proofs that nobody is trusted to give. An identity has nobody where no authority
// that issues certificates is trusted.
// Where that cannot be told, such as for patterns of names, it is not an error.
func (p *Policy) Satisfiable() error {
	for i := range p.RuleSets {
		set := &p.RuleSets[i]
		for k := range set.Rules {
			if err := p.satisfiable(set, &set.Rules[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Policy) satisfiable(set *RuleSet, rule *Rule) error {
	if err := p.provable(set, rule); err != nil {
		return err
	}
	votes, f := p.possible(set, rule)
	if f.full {
		return nil
	}
	why, hint := f.missing(), p.whomToTrust(set, rule)
	if v := f.barred(votes); v != nil {
		why += ": " + v.describe() + " does not count, since " + v.barred.Error()
		hint = p.hintBarred(v)
	}
	return fault.New(fault.PolicyUnsatisfiable, "nobody can meet %s: if all who are trusted signed, %s", describeRule(set, rule), why).
		WithHint("%s", hint)
}
