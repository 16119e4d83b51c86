package policy

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/stellaops/stella/pkg/verify"
)

// Warning is something about a policy that its author should know.
type Warning struct {
	// Kind is a stable word: loosened, shadowed, avoidable.
	Kind string `json:"kind"`
	// Pointer is the JSON pointer of what the warning is about.
	Pointer string `json:"pointer"`
	Message string `json:"message"`
}

// The kinds of Warning.
const (
	WarnLoosened  = "loosened"  // it lets pass what would not pass by itself
	WarnShadowed  = "shadowed"  // the rule is never applied
	WarnAvoidable = "avoidable" // who signs can have a weaker rule applied
)

// Warnings returns what its author should know of the policy, in the order of
// the file. spellings is as in Options.
func (p *Policy) Warnings(spellings func(uri string) []string) []Warning {
	spellings = spelt(spellings)
	out := p.loosened()
	for i := range p.Rules {
		r := &p.Rules[i]
		if by := p.shadowedBy(i, spellings); by >= 0 {
			out = append(out, Warning{WarnShadowed, fmt.Sprintf("/rules/%d", i), fmt.Sprintf("rule %q is never applied: rule %q comes before it and is about all that it is about", r.Name, p.Rules[by].Name)})
			continue
		}
		if later := p.avoidedBy(i, spellings); later >= 0 {
			out = append(out, Warning{WarnAvoidable, fmt.Sprintf("/rules/%d/subjects", i), fmt.Sprintf(
				"rule %q goes by names, which the signer chooses: whoever meets rule %q can name the same artifact otherwise; go by digests, or have rule %q required", r.Name, p.Rules[later].Name, r.Name)})
		}
	}
	return out
}

// spelt returns the spellings of types; without any each URI is a schema of its own.
func spelt(spellings func(uri string) []string) func(uri string) []string {
	if spellings != nil {
		return spellings
	}
	return func(uri string) []string { return []string{uri} }
}

// shadowedBy returns the rule that is applied wherever rule i could be, or -1.
func (p *Policy) shadowedBy(i int, spellings func(uri string) []string) int {
	return slices.IndexFunc(p.Rules[:i], func(earlier Rule) bool { return covers(&earlier, &p.Rules[i], spellings) })
}

func (p *Policy) loosened() []Warning {
	var out []Warning
	add := func(pointer, message string) { out = append(out, Warning{WarnLoosened, pointer, message}) }
	if p.AllowNoLogUnsafe {
		add("/"+verify.LoosenNoLog, "certificates count without an entry in a transparency log: nobody would notice one that was issued wrongly")
	}
	if p.AllowNoSCTUnsafe {
		add("/"+verify.LoosenNoSCT, "certificates count without a signed certificate timestamp: nobody but their authority may know of them")
	}
	if p.AllowExpiredTrustUnsafe != "" {
		add("/"+verify.LoosenExpiredTrust, "trust is used after it expired: a key may have been revoked since")
	}
	anybody := func(pointer string, list []Identity) {
		for i, id := range list {
			if id.Identity.compiled.MatchesAnyName() {
				add(fmt.Sprintf("%s/%d/identity", pointer, i), "every name counts that the issuer vouches for")
			}
			if id.Issuer.compiled.MatchesAnyIssuer() {
				add(fmt.Sprintf("%s/%d/issuer", pointer, i), "the name counts whoever vouches for it")
			}
		}
	}
	anybody("/identities", p.Identities)
	for i := range p.Rules {
		for k := range p.Rules[i].Signers {
			q := &p.Rules[i].Signers[k]
			anybody(fmt.Sprintf("/rules/%d/signers/%d/identities", i, k), q.Identities)
			for n := range q.AnyOf {
				anybody(fmt.Sprintf("/rules/%d/signers/%d/anyOf/%d/identities", i, k, n), q.AnyOf[n].Identities)
			}
		}
	}
	return out
}

// covers reports whether an earlier rule is about all that r is about. Where
// patterns make it hard to tell it is false.
func covers(earlier, r *Rule, spellings func(string) []string) bool {
	said, taken := inAllSpellings(r.uris, spellings), inAllSpellings(earlier.uris, spellings)
	types := len(earlier.uris) == 0 || len(r.uris) > 0 && !slices.ContainsFunc(said, func(uri string) bool {
		return !slices.Contains(taken, uri)
	})
	if !types {
		return false
	}
	if len(earlier.Subjects) == 0 {
		return true
	}
	return len(r.Subjects) > 0 && !slices.ContainsFunc(r.Subjects, func(s Subject) bool {
		return !slices.ContainsFunc(earlier.Subjects, func(e Subject) bool { return e.covers(&s) })
	})
}

// covers reports whether each subject that meets o meets s.
func (s *Subject) covers(o *Subject) bool {
	if s.Digest != "" && s.Digest != o.Digest {
		return false
	}
	if s.Name.IsZero() || s.Name.AnyUnsafe && !o.Name.IsZero() {
		return true
	}
	return o.Name.Exact != "" && s.Name.compiled.Matches(o.Name.Exact) || s.Name.Glob != "" && s.Name.Glob == o.Name.Glob ||
		s.Name.Regexp != "" && s.Name.Regexp == o.Name.Regexp
}

// sharesType reports whether a statement of some type meets both lists.
func sharesType(a, b []string, spellings func(string) []string) bool {
	other := inAllSpellings(b, spellings)
	return slices.ContainsFunc(inAllSpellings(a, spellings), func(uri string) bool { return slices.Contains(other, uri) })
}

// inAllSpellings are the types that statements may say which meet a list.
func inAllSpellings(uris []string, spellings func(string) []string) []string {
	var out []string
	for _, uri := range uris {
		out = append(out, spellings(uri)...)
	}
	return out
}

// avoidedBy returns the first later rule, with other demands, that may be
// applied to an artifact of rule i if the signer gives it another name; or -1.
func (p *Policy) avoidedBy(i int, spellings func(string) []string) int {
	r := &p.Rules[i]
	byName := slices.ContainsFunc(r.Subjects, func(s Subject) bool { return s.Digest == "" })
	if r.Required || !byName {
		return -1
	}
	for later := i + 1; later < len(p.Rules); later++ {
		o := &p.Rules[later]
		sameType := len(r.uris) == 0 || len(o.uris) == 0 || sharesType(r.uris, o.uris, spellings)
		anyArtifact := len(o.Subjects) == 0 || slices.ContainsFunc(o.Subjects, func(s Subject) bool { return s.Digest == "" })
		if sameType && anyArtifact && !sameDemands(r, o) {
			return later
		}
	}
	return -1
}

// sameDemands reports whether two rules ask for the same, whatever they are
// about.
func sameDemands(a, b *Rule) bool {
	strip := func(r *Rule) Rule {
		out := *r
		out.Name, out.Description, out.Subjects, out.PredicateTypes, out.uris, out.Required = "", "", nil, nil, nil, false
		out.Conditions = slices.Clone(r.Conditions)
		for i := range out.Conditions {
			out.Conditions[i].compiled = nil
		}
		return out
	}
	return reflect.DeepEqual(strip(a), strip(b))
}
