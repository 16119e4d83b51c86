package report

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// notes collect, from results as they go by, what the verdict does not establish
// and which words need explaining. They are bounded whatever the count of results.
type notes struct {
	undemanded map[string]int // by what was not demanded, in words
	checks     map[string]bool
	reasons    map[fault.Reason]bool

	notRun, worthless, unproven, untrustedProofs, failedProofs int
}

func newNotes() *notes {
	return &notes{undemanded: make(map[string]int), checks: make(map[string]bool), reasons: make(map[fault.Reason]bool)}
}

// take notes what r does not say.
func (n *notes) take(r *verify.Result) {
	for _, c := range r.Checks {
		if len(n.checks) < maxPageList {
			n.checks[c.Name] = true
		}
		switch c.Status {
		case verify.Failed:
			n.reasons[c.Reason] = true
		case verify.NotRun:
			n.notRun++
		case verify.NotDemanded:
			words := c.Name
			if c.Message != "" {
				words += " (" + c.Message + ")"
			}
			if _, known := n.undemanded[words]; known || len(n.undemanded) < maxPageList {
				n.undemanded[words]++
			}
		}
	}
	timeSaid := slices.ContainsFunc(r.Checks, func(c verify.Check) bool { return c.Name == "time" && c.Status == verify.NotDemanded })
	for i := range r.Signers {
		n.takeSigner(&r.Signers[i], timeSaid)
	}
}

// takeSigner notes what is not known of a signer. timeSaid says that the checks have
// said already that nothing proves the signing time.
func (n *notes) takeSigner(s *verify.Signer, timeSaid bool) {
	if !s.Verified {
		n.worthless++
	}
	if s.Reason != "" {
		n.reasons[s.Reason] = true
	}
	if s.Verified && s.Time != nil && !s.Time.Proven && !timeSaid {
		n.unproven++
	}
	for _, p := range s.Proofs {
		switch p.Status {
		case verify.NotDemanded:
			n.untrustedProofs++
		case verify.Failed:
			n.failedProofs++
			n.reasons[p.Reason] = true
		}
	}
}

// limits are what the verdict does not establish.
func (n *notes) limits(whole *verify.Report) []string {
	var out []string
	add := func(count int, format, noun, verb string) {
		if count > 0 {
			out = append(out, fmt.Sprintf(format, countWords(count, noun)+" "+verb))
		}
	}
	if !whole.Compared {
		out = append(out, "That the file or image that you hold is the one that this evidence is about: nothing was compared with it.")
	}
	add(len(whole.AssumedRevocations), "What is: the verdict is over what would be if %s.", "key", "were revoked")
	for _, words := range whole.Loosened {
		out = append(out, "What the policy loosens: "+words+".")
	}
	for _, words := range slices.Sorted(maps.Keys(n.undemanded)) {
		out = append(out, fmt.Sprintf("Not demanded of %s: %s.", countWords(n.undemanded[words], "payload"), words))
	}
	add(n.notRun, "%s not run, because an earlier one failed.", "check", was(n.notRun))
	add(n.worthless, "%s by nobody who is trusted.", "signature", be(n.worthless))
	add(n.unproven, "%s no proof of the signing time: the key was judged at the time given below.", "signature", have(n.unproven))
	add(n.untrustedProofs, "%s by no authority that is trusted.", "proof", be(n.untrustedProofs))
	add(n.failedProofs, "%s not hold.", "proof", do(n.failedProofs))
	if !whole.Trust.Rooted {
		out = append(out, "Where the trust comes from: it is unrooted, and was taken as it was given.")
	}
	if b := whole.Trust.Bundle; b != nil && b.Expired {
		out = append(out, "That the trust still holds: it expired at "+b.Expires.UTC().Format(time.RFC3339)+".")
	}
	if whole.Network == "not used" {
		out = append(out, "What happened after the trust was made, such as a revocation: no network was used.")
	}
	return append(out, "That what the evidence claims is true: the verdict is over who signed it, and what was checked of it.")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func be(n int) string   { return plural(n, "is", "are") }
func was(n int) string  { return plural(n, "was", "were") }
func have(n int) string { return plural(n, "has", "have") }
func do(n int) string   { return plural(n, "does", "do") }

// words explain the checks and reasons that came up.
func (n *notes) words(whole *verify.Report) []Fact {
	out := []Fact{
		{Label: "passed", Value: "the check was made and found what was demanded"},
		{Label: "failed", Value: "the check was made and did not find what was demanded"},
		{Label: "not demanded", Value: "the policy does not ask for it, so it is not established"},
		{Label: "not run", Value: "an earlier check failed, so this one would say nothing"},
	}
	for _, name := range slices.Sorted(maps.Keys(n.checks)) {
		if meaning := checkMeaning(name); meaning != "" {
			out = append(out, Fact{Label: name, Value: meaning})
		}
	}
	if whole.Reason != "" {
		n.reasons[whole.Reason] = true
	}
	for _, r := range slices.Sorted(maps.Keys(n.reasons)) {
		out = append(out, Fact{Label: string(r), Value: reasonMeaning(r)})
	}
	return out
}
