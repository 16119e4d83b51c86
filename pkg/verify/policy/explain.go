package policy

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/pkg/verify"
)

// Explanation is a policy in plain words.
type Explanation struct {
	// Policy is what holds for all rules.
	Policy []string `json:"policy"`
	// Rules are the rules, in the order in which they are tried.
	Rules []RuleExplanation `json:"rules"`
}

// RuleExplanation is a rule in plain words.
type RuleExplanation struct {
	Name string   `json:"name"`
	Says []string `json:"says"`
}

// Explain returns the policy in plain words.
func (p *Policy) Explain() Explanation {
	e := Explanation{Policy: p.explainAll(), Rules: []RuleExplanation{}}
	for i := range p.Rules {
		r := &p.Rules[i]
		e.Rules = append(e.Rules, RuleExplanation{Name: r.Name, Says: r.explain()})
	}
	return e
}

func (p *Policy) explainAll() []string {
	out := prose(p.Description)
	for _, a := range p.Artifacts {
		out = append(out, "the evidence must be about "+strings.TrimSpace(a.Name+" "+a.Digest))
	}
	for i := range p.Identities {
		out = append(out, p.Identities[i].explain())
	}
	if names := p.Demands.explain(); names != "" {
		out = append(out, "every signature must be "+names)
	}
	if p.Revocation == Required {
		out = append(out, "certificates of private CAs count only if a current CRL does not revoke them")
	}
	if p.AllowNoLogUnsafe {
		out = append(out, "certificates count although no transparency log holds the signature")
	}
	if p.AllowNoSCTUnsafe {
		out = append(out, "certificates count although no certificate transparency log holds them")
	}
	if p.AllowExpiredTrustUnsafe != "" {
		out = append(out, fmt.Sprintf("a trust bundle may be used for %s after it expired", p.AllowExpiredTrustUnsafe))
	}
	return append(out, "the first rule that is about a statement is applied to it; what no rule is about is refused")
}

func (i *Identity) explain() string {
	text := fmt.Sprintf("a certificate for %s by issuer %s counts", i.Identity.describe(), i.Issuer.describe())
	if i.Holder != "" {
		text += " as " + i.Holder
	} else {
		text += " as itself"
	}
	if len(i.Roles) > 0 {
		text += ", in role " + either(i.Roles)
	}
	if i.Tenant != "" {
		text += ", for tenant " + i.Tenant
	}
	return text
}

// explain lists what each signature must be, as an end of a sentence.
func (d *Demands) explain() string {
	var parts []string
	if d.Profile != "" {
		parts = append(parts, "by an algorithm of profile "+string(d.Profile))
	}
	if len(d.Algorithms) > 0 {
		var names []string
		for _, a := range d.Algorithms {
			names = append(names, string(a))
		}
		parts = append(parts, "by "+either(names))
	}
	if d.Hardware == Required {
		parts = append(parts, "by a key that the trust says to be in hardware")
	}
	for _, p := range []struct {
		n            int
		before, noun string
	}{
		{d.Proofs.Log, "held by ", "transparency log"},
		{d.Proofs.Timestamp, "stamped by ", "time stamp authority"},
		{d.Proofs.SCT, "if by a public authority's certificate, by one that is in ", "certificate transparency log"},
		{d.Proofs.Witness, "in a log that is cosigned by ", "witness"},
	} {
		if p.n > 0 {
			parts = append(parts, p.before+several(p.n, p.noun))
		}
	}
	return strings.Join(parts, ", ")
}

func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	switch {
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ie"
	case strings.HasSuffix(noun, "s"):
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func (r *Rule) explain() []string {
	out := append(prose(r.Description), "is about "+r.about())
	for i := range r.Signers {
		out = append(out, r.Signers[i].explain())
	}
	if len(r.Signers) > 1 {
		out = append(out, "each holder counts for one of them only")
	}
	if names := r.Demands.explain(); names != "" {
		out = append(out, "each signature must be "+names)
	}
	if r.MaxAge != "" {
		out = append(out, "enough signatures must be proven to be of the last "+verify.Age(r.MaxAge.Duration()))
	}
	for _, c := range r.Conditions {
		out = append(out, fmt.Sprintf("must hold: %s (%s)", c.Name, oneLine(c.CEL)))
	}
	out = append(out, r.Promotion.explain()...)
	if r.Required {
		out = append(out, "some evidence given must meet it")
	}
	return out
}

func (p *Promotion) explain() []string {
	var out []string
	if p == nil {
		return nil
	}
	if len(p.SeparateFrom) > 0 {
		out = append(out, "who promoted must not have signed the "+strings.Join(p.SeparateFrom, " or the "))
	}
	if p.ChainFrom != "" {
		out = append(out, fmt.Sprintf("the chain of promotions must begin in %q", p.ChainFrom))
	}
	return append(out, "only stella promotion verify can judge that")
}

// about says what the rule is about.
func (r *Rule) about() string {
	types := "any predicate type"
	if len(r.PredicateTypes) > 0 {
		types = "predicate type " + either(r.PredicateTypes)
	} else if len(r.Subjects) == 0 {
		return "everything"
	}
	if len(r.Subjects) == 0 {
		return "every subject, " + types
	}
	var subjects []string
	for i := range r.Subjects {
		subjects = append(subjects, r.Subjects[i].describe())
	}
	return "subjects " + either(subjects) + ", " + types
}

func (s *Subject) describe() string {
	var parts []string
	if !s.Name.IsZero() {
		parts = append(parts, "named "+s.Name.describe())
	}
	if s.Digest != "" {
		parts = append(parts, "with digest "+s.Digest)
	}
	return strings.Join(parts, " ")
}

func (q *Requirement) explain() string {
	anonymous := *q
	anonymous.Name = ""
	text := fmt.Sprintf("must be signed by %s: %s", several(q.Threshold, "holder"), anonymous.who())
	if q.Name != "" {
		text += fmt.Sprintf(" (%q)", q.Name)
	}
	return text
}

// prose returns the lines of a description.
func prose(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimRight(s, "\n"), "\n")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
