package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// whomToTrust is the hint for a rule that nobody can meet.
func (p *Policy) whomToTrust(set *RuleSet, rule *Rule) string {
	switch {
	case p.issued() && !p.mayShowSCTs(set, rule):
		return p.nameAuthority(ProofSCT)
	case p.issued(), len(p.identitiesFor(set, rule)) == 0, set.Signature.Hardware, rule.Signature.Hardware:
		return p.trustMore(rule.wanted())
	case p.Bundle != nil:
		return p.askPublisher("an authority that issues certificates to the identities")
	}
	return "name an authority that issues certificates to the identities: --trusted-root FILE, or --ca FILE for your own"
}

// hintBarred is the hint for somebody who is trusted and never counts for a rule.
func (p *Policy) hintBarred(v *vote) string {
	switch {
	case fault.ReasonOf(v.barred) != fault.KeyNotAttested:
		return p.trustMore("keys that the rule takes, or have the rule take these")
	case v.identity != nil:
		return p.trustMore("keys in hardware: of a certificate's key nobody says that it is")
	}
	return fault.HintOf(v.barred)
}

// trustMore is the hint where too few are trusted.
func (p *Policy) trustMore(whom string) string {
	if p.Bundle != nil {
		return p.askPublisher(whom)
	}
	return "trust " + whom
}

// wanted says in words whom the rule is about.
func (r *Rule) wanted() string {
	if slices.ContainsFunc(r.requirements(), func(q Requirement) bool { return len(q.From) > 0 }) {
		return "the keys or identities that the rule is about, with the holders and roles that it names"
	}
	return "as many keys or identities, of different holders, as the rule wants"
}
