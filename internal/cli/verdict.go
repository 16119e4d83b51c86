package cli

import (
	"fmt"
	"maps"
	"slices"
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
	// maxShownIgnored is how many ignored parts of the inputs are listed. The rest is
	// counted, and listed by the formats json and ndjson.
	maxShownIgnored = 20
)

// verdictText is a verdict for people: a tree of checks for each payload. The
// first line says what was looked at and what was not, the last one the verdict.
type verdictText struct {
	p *ui.Printer
	// command is what the user called, without the program's name.
	command string
	// named is what the user named, in words, and reservations what the verdict is
	// not about.
	named        string
	reservations []string
	all          bool // all results are shown in full, as they come
	alone        bool // nobody else gets the results

	held  []verify.Result // until there are too many
	tally report.Tally
	// begun says that the first line stands, and with it that there are too many.
	begun    bool
	failures int
	// hints are what can be done, by the reason of a failure.
	hints   map[fault.Reason]string
	fall    []string
	ignored []verify.Ignored // the first ones
}

var _ report.Writer = (*verdictText)(nil)

func newVerdictText(p *ui.Printer, command, named string, reservations []string, all bool) *verdictText {
	return &verdictText{p: p, command: command, named: named, reservations: reservations, all: all, hints: make(map[fault.Reason]string)}
}

// Result implements report.Writer.
func (v *verdictText) Result(r *verify.Result) error {
	v.note(r)
	if v.all {
		if !v.begun {
			v.begin(v.named)
		}
		v.p.Tree(resultNode(v.p, r))
		return v.p.Flush()
	}
	if v.begun {
		err := v.showFailure(r)
		if v.alone {
			r.Release()
		}
		return err
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
	v.begin(v.named)
	held := v.held
	v.held = nil
	for i := range held {
		if err := v.showFailure(&held[i]); err != nil {
			return err
		}
	}
	return v.p.Flush()
}

// Ignored implements report.Writer.
func (v *verdictText) Ignored(i *verify.Ignored) error {
	if len(v.ignored) < maxShownIgnored {
		v.ignored = append(v.ignored, *i)
	}
	return nil
}

// showIgnored lists what was passed over, and counts what is not listed.
func (v *verdictText) showIgnored(counts map[fault.Reason]int) {
	total, listed := 0, 0
	for _, n := range counts {
		total += n
	}
	for i := range v.ignored {
		p := &v.ignored[i]
		listed += max(1, p.Lines)
		v.p.Status(ui.Skipped, ui.T(report.IgnoredPlace(p)+" ignored: "+p.Message))
	}
	if listed >= total {
		return
	}
	var words []string
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%s %s", ui.Count(counts[reason]), reason))
	}
	v.p.Status(ui.Skipped, ui.T(fmt.Sprintf("%s ignored in all: %s", ui.Count(total), strings.Join(words, ", "))))
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
	v.p.Line(ui.Styled(ui.Strong, "stella "+v.command+"  "), ui.T(strings.Join(scope, ", ")))
}

// showFailure prints a result that is not verified, and nothing for one that is.
func (v *verdictText) showFailure(r *verify.Result) error {
	if r.Verified {
		return nil
	}
	v.failures++
	if v.failures <= maxShownFailures {
		v.p.Tree(resultNode(v.p, r))
		return v.p.Flush()
	}
	var reasons []string
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			reasons = append(reasons, string(c.Reason))
		}
	}
	v.p.Status(ui.Failed, ui.T(sources(r)+"  "), ui.Styled(ui.Faint, strings.Join(reasons, ", ")))
	return v.p.Flush()
}

// countWords say what was gone over.
func countWords(c *verify.Counts) string {
	noun := "signed documents"
	if c.Evidence == 1 {
		noun = "signed document"
	}
	words := fmt.Sprintf("%s %s: %s verified, %s not", ui.Count(c.Evidence), noun, ui.Count(c.Verified), ui.Count(c.Rejected))
	if c.Unread > 0 {
		words += fmt.Sprintf("; %s could not be read", ui.Count(c.Unread))
	}
	return words
}

// Close implements report.Writer.
func (v *verdictText) Close(whole *verify.Report) error {
	if v.begun {
		v.p.Line(ui.T(countWords(&whole.Counts)))
	} else {
		v.begin(v.named, plural(whole.Counts.Evidence, "signed document"))
	}
	for i := range v.held {
		v.p.Tree(resultNode(v.p, &v.held[i]))
	}
	if r := report.Overall(whole); r != nil {
		v.note(r)
		v.p.Tree(resultNode(v.p, r))
	}
	if whole.Stopped {
		v.p.Status(ui.Warned, ui.T("stopped at the first failure: what comes after it was not looked at"))
	}
	v.showIgnored(whole.Counts.Ignored)
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
		ui.P("trust", ui.T(report.TrustWords(&whole.Trust))),
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

func plural(n int, noun string) string { return report.Plural(n, noun) }
