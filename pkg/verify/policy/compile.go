package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

// Apply adds the policy to what a verification demands already: each of its
// rule sets must accept. Where v names identities a certificate must be in the names
// of both. What only another policy admits (certificates in its names), and what only
// that or v itself lets pass (witnesses, certificates without a log), does not count
// for this one. The error is fault.TrustMalformed, if the policy's witnesses cannot be
// joined to the trust of v.
func (p *Policy) Apply(v *verify.Policy) error {
	set := p.ruleSet()
	if len(p.Witnesses) > 0 {
		witnesses, err := material.ParseWitnesses(p.Witnesses...)
		if err != nil {
			return err
		}
		if v.Root, err = material.Join(v.Root, witnesses); err != nil {
			return err
		}
		set.Witnesses = witnesses.Witnesses()
	}
	for _, a := range p.Artifacts {
		name := a.Name
		if name == "" {
			name = a.Digest
		}
		v.Subjects = append(v.Subjects, verify.Artifact{Name: name, Digest: digestSet(a.Digest)})
	}
	v.DemandRevocation = v.DemandRevocation || p.Revocation == Required
	v.AllowNoLogUnsafe = v.AllowNoLogUnsafe || p.AllowNoLogUnsafe
	v.AllowNoSCTUnsafe = v.AllowNoSCTUnsafe || p.AllowNoSCTUnsafe
	v.RuleSets = append(v.RuleSets, set)
	return nil
}

func (p *Policy) ruleSet() verify.RuleSet {
	set := verify.RuleSet{
		Name: p.Name, Identities: verifyIdentities(p.Identities), Signature: p.Demands.compiled(),
		AllowNoLogUnsafe: p.AllowNoLogUnsafe, AllowNoSCTUnsafe: p.AllowNoSCTUnsafe,
	}
	for i := range p.Rules {
		set.Rules = append(set.Rules, p.Rules[i].compiled())
	}
	return set
}

// named are the identities that the rule's requirements name.
func (r *Rule) named() []Identity {
	var all []Identity
	for i := range r.Signers {
		for _, s := range r.Signers[i].selectors() {
			all = append(all, s.Identities...)
		}
	}
	return all
}

// NamesIdentities reports whether certificates count in the policy: without, its
// signers are keys.
func (p *Policy) NamesIdentities() bool {
	return len(p.Identities) > 0 || slices.ContainsFunc(p.Rules, func(r Rule) bool { return len(r.named()) > 0 })
}

func verifyIdentities(list []Identity) []verify.Identity {
	var out []verify.Identity
	for _, i := range list {
		out = append(out, verify.Identity{
			SubjectAlternativeName: i.Identity.compiled, Issuer: i.Issuer.compiled, Holder: i.Holder, Roles: i.Roles, Tenant: i.Tenant,
		})
	}
	return out
}

func (d *Demands) compiled() verify.SignatureDemands {
	return verify.SignatureDemands{
		Profile: d.Profile, Algorithms: d.Algorithms, Hardware: d.Hardware == Required,
		Proofs: verify.Proofs(d.Proofs),
	}
}

func (r *Rule) compiled() verify.Rule {
	out := verify.Rule{
		Name: r.Name, PredicateTypes: r.uris, Signature: r.Demands.compiled(), MaxAge: r.MaxAge.Duration(), Required: r.Required,
		Identities: verifyIdentities(r.named()),
	}
	if p := r.Promotion; p != nil {
		out.Promotion = &verify.PromotionDemands{SeparateFrom: p.SeparateFrom, ChainFrom: p.ChainFrom}
	}
	for _, s := range r.Subjects {
		out.Subjects = append(out.Subjects, verify.SubjectMatch{Name: s.Name.compiled, Digest: digestSet(s.Digest)})
	}
	for i := range r.Signers {
		out.Signers = append(out.Signers, r.Signers[i].compiled())
	}
	for i := range r.Conditions {
		out.Conditions = append(out.Conditions, r.Conditions[i].compiled)
	}
	return out
}

// selectors are the alternatives of a requirement; none for everybody.
func (q *Requirement) selectors() []Signer {
	if len(q.AnyOf) > 0 {
		return q.AnyOf
	}
	if q.Signer.isZero() {
		return nil
	}
	return []Signer{q.Signer}
}

func (q *Requirement) compiled() verify.Requirement {
	out := verify.Requirement{Name: q.who(), Threshold: q.Threshold}
	for _, s := range q.selectors() {
		out.From = append(out.From, verify.SignerMatch{
			Holders: s.Holders, Roles: s.Roles, Tenants: s.Tenants, KeyIDs: s.KeyIDs, Identities: verifyIdentities(s.Identities),
		})
	}
	return out
}

// who is how messages call those who are wanted.
func (q *Requirement) who() string {
	if q.Name != "" {
		return q.Name
	}
	var alternatives []string
	for _, s := range q.selectors() {
		alternatives = append(alternatives, s.describe())
	}
	if len(alternatives) == 0 {
		return "anybody trusted"
	}
	return strings.Join(alternatives, ", or ")
}

func (s *Signer) isZero() bool {
	return len(s.Holders)+len(s.Roles)+len(s.Tenants)+len(s.KeyIDs)+len(s.Identities) == 0
}

// describe says in words who meets the demand.
func (s *Signer) describe() string {
	var parts []string
	add := func(what string, values []string) {
		if len(values) > 0 {
			parts = append(parts, what+" "+either(values))
		}
	}
	add("holder", s.Holders)
	add("role", s.Roles)
	add("tenant", s.Tenants)
	add("key", s.KeyIDs)
	var names []string
	for _, i := range s.Identities {
		names = append(names, i.describe())
	}
	add("identity", names)
	return strings.Join(parts, " with ")
}

func (i *Identity) describe() string {
	return fmt.Sprintf("%s (by %s)", i.Identity.describe(), i.Issuer.describe())
}

func (m *Match) describe() string {
	switch {
	case m.Glob != "":
		return m.Glob
	case m.Regexp != "":
		return "/" + m.Regexp + "/"
	case m.AnyUnsafe:
		return "anything"
	}
	return m.Exact
}

func either(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// checkDemands refuses what no trust could meet.
func (p *Policy) checkDemands(o *object, spellings func(uri string) []string) error {
	for i := range p.Rules {
		r := &p.Rules[i]
		where := fmt.Sprintf("/rules/%d", i)
		if n := max(p.Proofs.Witness, r.Proofs.Witness); n > len(p.Witnesses) {
			return unsatisfiable(o, where, "wants %d witnesses, and the policy lists %d", n, len(p.Witnesses))
		}
		if by := p.shadowedBy(i, spellings); by >= 0 && r.Required {
			return unsatisfiable(o, where, "can never be met: rule %q is required, and it is never applied, since rule %q comes before it and is about all that it is about", r.Name, p.Rules[by].Name).
				WithHint("put rule %q before rule %q, or leave out required", r.Name, p.Rules[by].Name)
		}
	}
	return nil
}

func unsatisfiable(o *object, pointer, format string, args ...any) *fault.Error {
	err := failAt(o.source, 0, pointer, format, args...)
	err.Reason = fault.PolicyUnsatisfiable
	return err
}
