package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/material"
)

// issued reports whether any authority is trusted to issue certificates.
func (p *Policy) issued() bool {
	return slices.ContainsFunc(p.Root.Authorities(), func(a material.Authority) bool {
		return a.Kind == material.KindCA || a.Kind == material.KindPrivateCA
	})
}

// possible fills the rule's requirements as if all who are trusted had signed. The votes
// are of all of them, barred those that never count for the rule.
func (p *Policy) possible(set *RuleSet, rule *Rule) ([]vote, *filling) {
	b := newBar(p, &applied{set: set, rule: rule})
	var all []vote
	var counted []dsse.Key
	for i := range b.trusted {
		k := &b.trusted[i]
		counted = append(counted, dsse.Key{Holder: k.Holder, Hybrid: k.Hybrid})
		id, _ := dsse.KeyID(k.Public) // a trusted key has one: it has a verifier
		v := vote{trusted: k, key: k.Public, Signer: Signer{Holder: k.Holder, Roles: k.Roles, Tenant: k.Tenant, KeyID: id, key: i}}
		v.barred = cmp.Or(b.key(&v), p.maySign(k, rule))
		all = append(all, v)
	}
	if p.issued() && p.mayShowSCTs(set, rule) {
		all = append(all, p.possibleCertificates(set, rule)...)
	}
	votes, _ := counting(counted, all, unbarred)
	return all, fill(rule.requirements(), votes)
}

// maySign returns nil if the key may sign any type that the rule is about.
func (p *Policy) maySign(k *keys.TrustedKey, rule *Rule) error {
	if len(rule.PredicateTypes) == 0 || slices.ContainsFunc(rule.PredicateTypes, func(uri string) bool {
		return slices.ContainsFunc(p.spellings(uri), func(said string) bool { return k.Allows(p.spellings(said)...) == nil })
	}) {
		return nil
	}
	return fault.New(fault.KeyTypeForbidden, "the trust lets it sign no type that the rule is about")
}

// noKey is the index of a key that nobody knows yet, among those that are trusted.
const noKey = -1

// possibleCertificates is a signer for each holder that the identities allow: of
// a pattern without a holder, as many as there are places.
func (p *Policy) possibleCertificates(set *RuleSet, rule *Rule) []vote {
	var barred error
	if set.Signature.Hardware || rule.Signature.Hardware {
		barred = notInHardware()
	}
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
			v := vote{identity: id, barred: barred, Signer: Signer{Holder: id.Holder, Roles: id.Roles, Tenant: id.Tenant, key: noKey}}
			if v.Holder == "" {
				v.Holder = fmt.Sprintf("%d %d", i, k)
			}
			out = append(out, v)
		}
	}
	return out
}

// barred returns the first of the votes that would fill a place that is left and does not
// count, or nil.
func (f *filling) barred(votes []vote) *vote {
	for i := range votes {
		v := &votes[i]
		for r := range f.requirements {
			if v.barred != nil && f.lack[r] > 0 && f.requirements[r].takes(v) {
				return v
			}
		}
	}
	return nil
}

// describe is how messages call who could sign.
func (v *vote) describe() string {
	if v.identity != nil {
		return "a certificate of " + v.identity.SubjectAlternativeName.String()
	}
	return fmt.Sprintf("key %q", v.trusted.Name)
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
