package verify

import (
	"fmt"
	"slices"
	"strings"
)

// requirements returns the rule's, or that somebody signed.
func (r *Rule) requirements() []Requirement {
	if len(r.Signers) == 0 {
		return []Requirement{{Name: "anybody trusted", Threshold: 1}}
	}
	return r.Signers
}

// filling is who fills the places of a rule's requirements.
type filling struct {
	requirements []Requirement
	holders      []string // distinct
	at           []int    // requirement by holder
	wanted       [][]int  // requirements that each could fill
	lack         []int
	full         bool
}

// fill gives the holders of votes that count to the requirements, as many as can be.
func fill(requirements []Requirement, votes []*vote) *filling {
	f := &filling{requirements: requirements}
	for _, v := range votes {
		f.add(v)
	}
	places := make([]int, len(requirements))
	for r := range requirements {
		places[r] = requirements[r].Threshold
	}
	f.at = assign(places, f.wanted)
	f.lack, f.full = lacking(places, f.at)
	return f
}

// add counts one signature for its holder.
func (f *filling) add(v *vote) {
	h := slices.Index(f.holders, v.Holder)
	if h < 0 {
		h = len(f.holders)
		f.holders, f.wanted = append(f.holders, v.Holder), append(f.wanted, nil)
	}
	for r := range f.requirements {
		if !slices.Contains(f.wanted[h], r) && f.requirements[r].takes(v) {
			f.wanted[h] = append(f.wanted[h], r)
		}
	}
}

func (f *filling) holdersAt(r int) []string {
	out := []string{}
	for h, at := range f.at {
		if at == r {
			out = append(out, f.holders[h])
		}
	}
	return out
}

// describe says how many signed for each requirement.
func (f *filling) describe() string {
	var parts []string
	for r := range f.requirements {
		req := &f.requirements[r]
		parts = append(parts, fmt.Sprintf("%s %d of %d", req.Name, req.Threshold-f.lack[r], req.Threshold))
	}
	return strings.Join(parts, ", ")
}

// missing names those requirements that are not met.
func (f *filling) missing() string {
	var parts []string
	shared := false
	for r := range f.requirements {
		req := &f.requirements[r]
		if f.lack[r] == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%q has %d of %d holders", req.Name, req.Threshold-f.lack[r], req.Threshold))
		shared = shared || f.couldFill(r) >= req.Threshold
	}
	text := strings.Join(parts, ", ")
	if shared {
		text += ", since each holder fills one place at most"
	}
	return text
}

// couldFill counts the holders that requirement r would take.
func (f *filling) couldFill(r int) int {
	n := 0
	for _, w := range f.wanted {
		if slices.Contains(w, r) {
			n++
		}
	}
	return n
}

// takes reports whether a signature counts for the requirement.
func (r *Requirement) takes(v *vote) bool {
	return len(r.From) == 0 || slices.ContainsFunc(r.From, func(m SignerMatch) bool {
		if v.identity != nil {
			return m.couldMatch(v)
		}
		return m.matches(&v.Signer)
	})
}

func (m *SignerMatch) matches(s *Signer) bool {
	in := func(list []string, value string) bool {
		return len(list) == 0 || value != "" && slices.Contains(list, value)
	}
	role := len(m.Roles) == 0 || slices.ContainsFunc(s.Roles, func(r string) bool { return slices.Contains(m.Roles, r) })
	identity := len(m.Identities) == 0 || s.Certificate != nil &&
		slices.ContainsFunc(m.Identities, func(i Identity) bool { return i.matches(s.Certificate) })
	return role && identity && in(m.Holders, s.Holder) && in(m.Tenants, s.Tenant) && in(m.KeyIDs, s.KeyID)
}
