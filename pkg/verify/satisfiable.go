package verify

import (
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// Satisfiable returns fault.PolicyUnsatisfiable if a rule wants more
// holders than the trust and the identities have, however they all signed, or
// proofs that nobody is trusted to give. An identity has nobody where no authority
// that issues certificates is trusted.
// Where that cannot be told, such as for patterns of names, it is not an error.
func (p *Policy) Satisfiable() error {
	for i := range p.RuleSets {
		set := &p.RuleSets[i]
		for k := range set.Rules {
			rule := &set.Rules[k]
			if err := p.provable(set, rule); err != nil {
				return err
			}
			f := p.possible(set, rule)
			if f.full {
				continue
			}
			return fault.New(fault.PolicyUnsatisfiable, "nobody can meet %s: if all who are trusted signed, %s", describeRule(set, rule), f.missing()).
				WithHint("%s", p.whomToTrust(set, rule))
		}
	}
	return nil
}

// whomToTrust is the hint for a rule that nobody can meet.
func (p *Policy) whomToTrust(set *RuleSet, rule *Rule) string {
	if p.issued() && !p.mayShowSCTs(set, rule) {
		return p.nameAuthority(ProofSCT)
	}
	if p.issued() || len(p.identitiesFor(set, rule)) == 0 || set.Signature.Hardware || rule.Signature.Hardware {
		return "trust the keys or identities that the rule is about, with the holders and roles that it names"
	}
	return "name an authority that issues certificates to the identities: --trusted-root FILE, or --ca FILE for your own"
}

// issued reports whether any authority is trusted to issue certificates.
func (p *Policy) issued() bool {
	return slices.ContainsFunc(p.Root.Authorities(), func(a material.Authority) bool {
		return a.Kind == material.KindCA || a.Kind == material.KindPrivateCA
	})
}

// possible fills the rule's requirements as if all who are trusted had signed.
func (p *Policy) possible(set *RuleSet, rule *Rule) *filling {
	b := newBar(p, &applied{set: set, rule: rule})
	var all []vote
	var counted []dsse.Key
	for i := range b.trusted {
		k := &b.trusted[i]
		counted = append(counted, dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid})
		id, _ := dsse.KeyID(k.Public) // a trusted key has one: it has a verifier
		v := vote{trusted: k, key: k.Public, Signer: Signer{Holder: k.Holder, Roles: k.Roles, Tenant: k.Tenant, KeyID: id, key: i}}
		if b.key(&v) == nil && p.maySign(k, rule) {
			all = append(all, v)
		}
	}
	if p.issued() && p.mayShowSCTs(set, rule) && !set.Signature.Hardware && !rule.Signature.Hardware {
		all = append(all, p.possibleCertificates(set, rule)...)
	}
	votes, _ := counting(counted, all, anyVote)
	return fill(rule.requirements(), votes)
}

// maySign reports whether the key may sign any type that the rule is about.
func (p *Policy) maySign(k *keys.TrustedKey, rule *Rule) bool {
	return len(rule.PredicateTypes) == 0 || slices.ContainsFunc(rule.PredicateTypes, func(uri string) bool {
		return slices.ContainsFunc(p.spellings(uri), func(said string) bool { return k.Allows(p.spellings(said)...) == nil })
	})
}

// noKey is the index of a key that nobody knows yet, among those that are trusted.
const noKey = -1

// possibleCertificates is a signer for each holder that the identities allow: of
// a pattern without a holder, as many as there are places.
func (p *Policy) possibleCertificates(set *RuleSet, rule *Rule) []vote {
	places := 0
	for _, r := range rule.requirements() {
		places += r.Threshold
	}
	identities := p.identitiesFor(set, rule)
	var out []vote
	for i := range identities {
		id := &identities[i]
		n := 1
		if id.Holder == "" && !(id.Issuer.isExact() && id.SubjectAlternativeName.isExact()) {
			n = places
		}
		for k := range n {
			v := vote{identity: id, Signer: Signer{Holder: id.Holder, Roles: id.Roles, Tenant: id.Tenant, key: noKey}}
			if v.Holder == "" {
				v.Holder = fmt.Sprintf("%d %d", i, k)
			}
			out = append(out, v)
		}
	}
	return out
}

// couldMatch reports whether a certificate in the identity's name might meet
// the demand.
func (m *SignerMatch) couldMatch(v *vote) bool {
	named := *m
	named.KeyIDs, named.Identities = nil, nil // a certificate's key is not known beforehand
	if v.identity.Holder == "" {
		named.Holders = nil // the holder is the name in the certificate
	}
	overlap := len(m.Identities) == 0 || slices.ContainsFunc(m.Identities, func(i Identity) bool {
		return i.Issuer.couldMeet(v.identity.Issuer) && i.SubjectAlternativeName.couldMeet(v.identity.SubjectAlternativeName)
	})
	return overlap && named.matches(&v.Signer)
}

// isExact reports whether one string alone meets the demand.
func (m Match) isExact() bool { return m.pattern == nil && !m.any }

// couldMeet reports whether some string might meet both demands.
func (m Match) couldMeet(o Match) bool {
	switch {
	case m.isExact():
		return o.Matches(m.exact)
	case o.isExact():
		return m.Matches(o.exact)
	}
	return true
}
