package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stellaops/stella/pkg/verify"
)

// How many parts of one thing a page shows; what is beyond is counted.
const (
	maxPageParts = 50  // of a payload: evidence, signatures, proofs, subjects, extensions
	maxPageList  = 200 // of the whole: inputs, trusted keys, what was left out, notes
)

// ignoredSignature is the outcome of a signature that is no failure and no success:
// others may stand beside it.
const ignoredSignature verify.Status = "ignored"

// resultView is one payload.
type resultView struct {
	Number       int
	Name         string
	Result       *verify.Result
	Evidence     []verify.Source
	EvidenceMore int
	Failures     []verify.Check
	Signed       string // by whom
	Rules        []verify.AppliedRule
	Signers      []signerView
	SignersMore  int
	Claims       *claimsView
}

type signerView struct {
	Signer     *verify.Signer
	Name       string
	Status     verify.Status
	Facts      []Fact
	Extensions []Fact
	Proofs     []verify.Proof
	ProofsMore int
}

type claimsView struct {
	Claims       *verify.Claims
	Subjects     []verify.Subject
	SubjectsMore int
}

// bounded returns the first most elements, and how many there are more.
func bounded[T any](list []T, most int) (shown []T, rest int) {
	shown = list[:min(most, len(list))]
	return shown, len(list) - len(shown)
}

func newResultView(number int, r *verify.Result) resultView {
	v := resultView{Number: number, Name: ResultName(r), Result: r}
	v.Evidence, v.EvidenceMore = bounded(r.Evidence, maxPageParts)
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			v.Failures = append(v.Failures, c)
		}
	}
	v.Rules, _ = bounded(r.Rules, maxPageParts) // one of each policy
	signers, rest := bounded(r.Signers, maxPageParts)
	v.SignersMore = rest
	var names []string
	for i := range signers {
		s := newSignerView(&signers[i])
		v.Signers = append(v.Signers, s)
		if s.Status == verify.Passed {
			names = append(names, s.Name)
		}
	}
	v.Signed = strings.Join(names, ", ")
	if r.Claims != nil {
		v.Claims = &claimsView{Claims: r.Claims}
		v.Claims.Subjects, v.Claims.SubjectsMore = bounded(r.Claims.Subjects, maxPageParts)
	}
	return v
}

func newSignerView(s *verify.Signer) signerView {
	v := signerView{Signer: s, Name: SignerName(s), Status: verify.Passed}
	switch {
	case s.Verified && !s.Counted && s.Message == "":
		v.Status = verify.NotRun // an earlier check failed before signers were counted
	case !s.Verified || !s.Counted:
		v.Status = ignoredSignature
	}
	v.Proofs, v.ProofsMore = bounded(s.Proofs, maxPageParts)
	if !s.Verified && s.Certificate == nil {
		return v // nobody vouches for anything about it
	}
	if s.KeyID != "" {
		v.Facts = append(v.Facts, Fact{"key", s.KeyID, true})
	}
	v.Facts = append(v.Facts, SignerFacts(s)...)
	if s.Certificate != nil {
		names, _ := bounded(slices.Sorted(maps.Keys(s.Certificate.Extensions)), maxPageParts)
		for _, name := range names {
			v.Extensions = append(v.Extensions, Fact{Label: name, Value: s.Certificate.Extensions[name]})
		}
	}
	return v
}

// headView is what stands above the payloads.
type headView struct {
	Whole        *verify.Report
	Lead, Limits []string
	Inputs       []string
	InputsMore   int
	Sources      []string
	Profile      string
	Tally        Tally
}

func newHeadView(p *page, whole *verify.Report) headView {
	v := headView{Whole: whole, Tally: p.tally, Lead: leadWords(whole, &p.tally), Limits: p.noted.limits(whole), Profile: string(whole.Profile.Name)}
	v.Inputs, v.InputsMore = bounded(p.o.Inputs, maxPageList)
	v.Sources, _ = bounded(whole.Trust.Sources, maxPageList)
	return v
}

// leadWords are the verdict in sentences.
func leadWords(whole *verify.Report, t *Tally) []string {
	var lead []string
	switch {
	case t.Payloads == 0:
		lead = append(lead, "There was nothing to verify.")
	case whole.Verified:
		lead = append(lead, fmt.Sprintf("Every demanded check of %s passed.", countWords(t.Payloads, "payload")))
	default:
		lead = append(lead, fmt.Sprintf("%s of %s %s not verified.", thousands(int64(t.NotVerified())), countWords(t.Payloads, "payload"), be(t.NotVerified())))
	}
	if !whole.Verified {
		lead = append(lead, fmt.Sprintf("The reason that decides is %s: %s. Exit status %d.", whole.Reason, reasonMeaning(whole.Reason), whole.Exit))
	}
	for _, words := range Reservations(whole.Compared, len(whole.AssumedRevocations) > 0) {
		lead = append(lead, capital(words)+".")
	}
	return lead
}

// groupView is the heading over all payloads of one outcome.
type groupView struct {
	Verified bool
	Count    int
	Note     string
}

func newGroupView(verified bool, count, shown int) groupView {
	v := groupView{Verified: verified, Count: count}
	if shown < count {
		v.Note = fmt.Sprintf("%s of them are shown here. The formats json and ndjson have all.", thousands(int64(shown)))
	}
	return v
}

// tailView is what stands below the payloads.
type tailView struct {
	Whole           *verify.Report
	Version         string
	Keys            []verify.TrustedKey
	KeysMore        int
	Identities      []verify.TrustedIdentity
	IdentitiesMore  int
	Authorities     []verify.Authority
	AuthoritiesMore int
	Ignored         []verify.Ignored
	IgnoredMore     int
	Words           []Fact
}

func newTailView(p *page, whole *verify.Report) tailView {
	v := tailView{Whole: whole, Version: p.o.Version, Words: p.noted.words(whole), Ignored: p.ignored, IgnoredMore: p.ignoredMore}
	v.Keys, v.KeysMore = bounded(whole.Trust.Keys, maxPageList)
	v.Identities, v.IdentitiesMore = bounded(whole.Trust.Identities, maxPageList)
	v.Authorities, v.AuthoritiesMore = bounded(whole.Trust.Authorities, maxPageList)
	return v
}
