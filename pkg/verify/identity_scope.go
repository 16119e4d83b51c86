package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/fault"
)

// admitting are the identities whose certificates are judged at all: the caller's or,
// where there are none, those of the first rule set that names any. For which rules
// a certificate counts is for identitiesFor to say.
func (p *Policy) admitting() []Identity {
	if len(p.Identities) > 0 {
		return p.Identities
	}
	for i := range p.RuleSets {
		if named := p.RuleSets[i].named(); len(named) > 0 {
			return named
		}
	}
	return nil
}

// named are all identities that the rule set names.
func (s *RuleSet) named() []Identity {
	all := slices.Clip(s.Identities)
	for i := range s.Rules {
		all = append(all, s.Rules[i].Identities...)
	}
	return all
}

// identitiesFor are those whose certificates count for a rule: what its policy names
// or, if that names none for any rule, the caller's. What another policy names is
// nothing to it.
func (p *Policy) identitiesFor(set *RuleSet, rule *Rule) []Identity {
	if len(set.named()) == 0 {
		return p.Identities
	}
	return slices.Concat(set.Identities, rule.Identities)
}

// rename gives the signer of a certificate the holder, roles and tenant that the
// identities of the policy say which count for the rule, and bars one that is in the
// name of none. Where they are the caller's it has theirs, as a key has those of the trust.
func (v *vote) rename(p *Policy, a *applied) error {
	if v.trusted != nil || len(p.Identities) > 0 && len(a.set.named()) == 0 {
		return nil
	}
	identities := p.identitiesFor(a.set, a.rule)
	for i := range identities {
		if id := &identities[i]; id.matches(v.Certificate) {
			named := issued{identity: id, name: v.Certificate.Identity, issuer: v.Certificate.Issuer}
			v.Holder, v.Roles, v.Tenant = named.holder(), id.Roles, id.Tenant
			return nil
		}
	}
	return fault.New(fault.IdentityMismatch, "the certificate is in none of the names that %s lets count", a.describe()).
		WithHint("compare the names with those of the policy; its patterns match the whole name and the whole issuer, not a part")
}

// matches reports whether a certificate is in the identity's name.
func (i *Identity) matches(c *Certificate) bool {
	return c != nil && i.SubjectAlternativeName.Matches(c.Identity) && i.Issuer.Matches(c.Issuer)
}
