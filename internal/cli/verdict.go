package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	// maxShownTrees is how many results are shown in full, verified or not. If there
	// are more, only those that failed are shown, as they come.
	maxShownTrees = 20
	// maxShownFailures is how many of those are shown in full; of the rest each has
	// a line.
	maxShownFailures = 100
)

// verdictText is a verdict for people: a tree of checks for each payload. The
// first line says what was looked at and what was not, the last one the verdict.
type verdictText struct {
	p *ui.Printer
	// files is how many files the user named, and reservations what the verdict is
	// not about.
	files        int
	reservations []string

	held  []verify.Result // until there are too many
	tally report.Tally
	// begun says that the first line stands, and with it that there are too many.
	begun    bool
	failures int
	// hints are what can be done, by the reason of a failure.
	hints   map[fault.Reason]string
	fall    []string
	ignored []verify.Ignored // until the results are shown
}

var _ report.Writer = (*verdictText)(nil)

func newVerdictText(p *ui.Printer, files int, reservations []string) *verdictText {
	return &verdictText{p: p, files: files, reservations: reservations, hints: make(map[fault.Reason]string)}
}

// Result implements report.Writer.
func (v *verdictText) Result(r *verify.Result) error {
	v.note(r)
	if v.begun {
		v.showFailure(r)
		return v.p.Flush()
	}
	kept := *r
	kept.Message = nil // what it is read from closes
	v.held = append(v.held, kept)
	if len(v.held) > maxShownTrees {
		return v.many()
	}
	return nil
}

// many shows what was held back, and from here on only failures, as they come.
func (v *verdictText) many() error {
	v.begin(plural(v.files, "file"))
	for i := range v.held {
		v.showFailure(&v.held[i])
	}
	for i := range v.ignored {
		v.showIgnored(&v.ignored[i])
	}
	v.held, v.ignored = nil, nil
	return v.p.Flush()
}

// Ignored implements report.Writer.
func (v *verdictText) Ignored(i *verify.Ignored) error {
	if v.begun {
		v.showIgnored(i)
		return v.p.Flush()
	}
	v.ignored = append(v.ignored, *i)
	if len(v.ignored) > maxShownFailures {
		return v.many()
	}
	return nil
}

func (v *verdictText) showIgnored(i *verify.Ignored) {
	v.p.Status(ui.Skipped, ui.T(i.Place()+" ignored: "+i.Message))
}

// note keeps what the end of the verdict needs of a result.
func (v *verdictText) note(r *verify.Result) {
	v.tally.Add(r)
	if r.WouldFall && len(v.fall) < maxShownFailures {
		v.fall = append(v.fall, sources(r))
	}
	for _, c := range r.Checks {
		if _, known := v.hints[c.Reason]; !known && c.Status == verify.Failed && c.Hint != "" {
			v.hints[c.Reason] = c.Hint
		}
	}
}

// begin prints the first line.
func (v *verdictText) begin(scope ...string) {
	v.begun = true
	scope = append(scope, "offline")
	scope = append(scope, v.reservations...)
	v.p.Line(ui.Styled(ui.Strong, "stella verify  "), ui.T(strings.Join(scope, ", ")))
}

func (v *verdictText) showFailure(r *verify.Result) {
	if r.Verified {
		return
	}
	v.failures++
	if v.failures <= maxShownFailures {
		v.p.Tree(resultNode(v.p, r))
		return
	}
	var reasons []string
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			reasons = append(reasons, string(c.Reason))
		}
	}
	v.p.Status(ui.Failed, ui.T(sources(r)+"  "), ui.Styled(ui.Faint, strings.Join(reasons, ", ")))
}

// Close implements report.Writer.
func (v *verdictText) Close(whole *verify.Report) error {
	if v.begun {
		v.p.Line(ui.T(fmt.Sprintf("%s, %s: %d verified, %d not verified",
			plural(v.tally.Payloads, "payload"), plural(v.tally.Documents, "signed document"), v.tally.Verified, v.tally.NotVerified())))
	} else {
		v.begin(plural(v.files, "file"), plural(v.tally.Documents, "signed document"))
	}
	for i := range v.held {
		v.p.Tree(resultNode(v.p, &v.held[i]))
	}
	if r := report.Overall(whole); r != nil {
		v.note(r)
		v.p.Tree(resultNode(v.p, r))
	}
	for i := range v.ignored {
		v.showIgnored(&v.ignored[i])
	}
	v.p.Pairs(basis(whole)...)
	for _, l := range whole.Loosened {
		v.p.Status(ui.Warned, ui.T("loosened: "+l))
	}
	v.showAssumed(whole)
	v.conclude(whole)
	return v.p.Flush()
}

// Abort implements report.Writer.
func (v *verdictText) Abort() {}

// basis is what the verdict rests on.
func basis(whole *verify.Report) []ui.Pair {
	pairs := []ui.Pair{
		ui.P("time", ui.T(whole.Time.At.Format(time.RFC3339)+" ("+whole.Time.Source+")")),
		ui.P("trust", ui.T(trustWords(whole))),
	}
	if len(whole.Policies) > 0 {
		pairs = append(pairs, ui.P("policy", ui.T(strings.Join(whole.Policies, ", "))))
	}
	return append(pairs, profilePairs(whole.Profile.Name, whole.Profile.Standing)...)
}

// showAssumed says what was assumed, and what falls with it alone.
func (v *verdictText) showAssumed(whole *verify.Report) {
	if len(whole.AssumedRevocations) == 0 {
		return
	}
	for _, a := range whole.AssumedRevocations {
		v.p.Line(ui.Styled(ui.Bad, "assumed revoked from "+a.RevokedAt.Format(time.RFC3339)+" on: "), v.p.Digest(a.KeyID))
	}
	for _, name := range v.fall {
		v.p.Status(ui.Failed, ui.T("would fall: "+name))
	}
	v.p.Line(ui.T(fmt.Sprintf("%d of %s would fall", v.tally.WouldFall, plural(v.tally.Payloads, "payload"))))
}

// conclude prints the verdict. It repeats what a reader of the last line must not
// assume.
func (v *verdictText) conclude(whole *verify.Report) {
	if hint := v.hints[whole.Reason]; hint != "" && !whole.Verified {
		v.p.Line(ui.T("hint: " + hint))
	}
	switch {
	case !whole.Verified:
		v.p.Status(ui.Failed, ui.Styled(ui.Bad, report.NotVerified), ui.T(fmt.Sprintf(": %s (exit %d)", whole.Reason, whole.Exit)))
	case !whole.Compared:
		v.p.Status(ui.Passed, ui.Styled(ui.Good, report.Verified), ui.T(", but not compared with any artifact"))
	default:
		v.p.Status(ui.Passed, ui.Styled(ui.Good, report.Verified))
	}
}

func trustWords(whole *verify.Report) string {
	var holders []string
	for _, k := range whole.Trust.Keys {
		name := k.Name
		if name == "" {
			name = k.Holder
		}
		holders = append(holders, fmt.Sprintf("%s (%s)", name, k.Algorithm))
		if len(holders) == maxShownSubjects {
			holders = append(holders, fmt.Sprintf("and %d more", len(whole.Trust.Keys)-len(holders)))
			break
		}
	}
	for _, i := range whole.Trust.Identities {
		holders = append(holders, fmt.Sprintf("%s by %s", i.Identity, i.Issuer))
	}
	rooted := "unrooted"
	if b := whole.Trust.Bundle; b != nil {
		rooted = report.BundleWords(b)
	}
	return rooted + ": " + strings.Join(holders, ", ")
}

func plural(n int, noun string) string { return report.Plural(n, noun) }
