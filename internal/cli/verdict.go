package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// verdict is the result of a verification: its report in JSON, and a tree of
// checks for people.
type verdict struct {
	*verify.Report
	files []string
	hint  string
}

func newVerdict(r *verify.Report, files []string, err error) *verdict {
	return &verdict{r, files, fault.HintOf(err)}
}

// Text implements ui.Result. The first line says what was looked at and what
// was not, the last one the verdict.
func (v *verdict) Text(p *ui.Printer) {
	p.Line(ui.Styled(ui.Strong, "stella verify  "), ui.T(v.scope()))
	for i := range v.Results {
		p.Tree(v.node(p, &v.Results[i]))
	}
	for _, i := range v.Ignored {
		p.Status(ui.Skipped, ui.T(i.Place()+" ignored: "+i.Reason))
	}
	pairs := []ui.Pair{
		ui.P("time", ui.T(v.Time.At.Format(time.RFC3339)+" ("+v.Time.Source+")")),
		ui.P("trust", ui.T(v.trust())),
	}
	if len(v.Policies) > 0 {
		pairs = append(pairs, ui.P("policy", ui.T(strings.Join(v.Policies, ", "))))
	}
	p.Pairs(append(pairs, profilePairs(v.Profile.Name, v.Profile.Standing)...)...)
	v.showLoosened(p)
	v.showAssumed(p)
	if v.hint != "" && !v.Verified {
		p.Line(ui.T("hint: " + v.hint))
	}
	if v.Verified {
		p.Status(ui.Passed, ui.Styled(ui.Good, "verified"), ui.T(v.reservation()))
		return
	}
	p.Status(ui.Failed, ui.Styled(ui.Bad, "not verified"), ui.T(fmt.Sprintf(": %s (exit %d)", v.Reason, v.Exit)))
}

// showLoosened names what lets pass what would not pass by itself.
func (v *verdict) showLoosened(p *ui.Printer) {
	for _, l := range v.Loosened {
		p.Status(ui.Warned, ui.T("loosened: "+l))
	}
}

// showAssumed says what was assumed, and what falls with it alone.
func (v *verdict) showAssumed(p *ui.Printer) {
	if len(v.AssumedRevocations) == 0 {
		return
	}
	for _, a := range v.AssumedRevocations {
		p.Line(ui.Styled(ui.Bad, "assumed revoked from "+a.RevokedAt.Format(time.RFC3339)+" on: "), p.Digest(a.KeyID))
	}
	fallen := 0
	for i := range v.Results {
		if v.Results[i].WouldFall {
			fallen++
			p.Status(ui.Failed, ui.T("would fall: "+sources(&v.Results[i])))
		}
	}
	p.Line(ui.T(fmt.Sprintf("%d of %s would fall", fallen, plural(len(v.Results), "payload"))))
}

// scope says over what the verdict is, and what it is not about.
func (v *verdict) scope() string {
	n := 0
	for _, r := range v.Results {
		n += len(r.Evidence)
	}
	parts := []string{plural(len(v.files), "file"), plural(n, "signed document"), "offline"}
	if len(v.AssumedRevocations) > 0 {
		parts = append(parts, "with assumed revocations")
	}
	if !v.Compared {
		parts = append(parts, "not compared with any artifact")
	}
	return strings.Join(parts, ", ")
}

// reservation repeats what a reader of the last line must not assume.
func (v *verdict) reservation() string {
	if v.Compared {
		return ""
	}
	return ", but not compared with any artifact"
}

func (v *verdict) trust() string {
	var holders []string
	for _, k := range v.Trust.Keys {
		name := k.Name
		if name == "" {
			name = k.Holder
		}
		holders = append(holders, fmt.Sprintf("%s (%s)", name, k.Algorithm))
		if len(holders) == maxShownSubjects {
			holders = append(holders, fmt.Sprintf("and %d more", len(v.Trust.Keys)-len(holders)))
			break
		}
	}
	for _, i := range v.Trust.Identities {
		holders = append(holders, fmt.Sprintf("%s by %s", i.Identity, i.Issuer))
	}
	return "unrooted: " + strings.Join(holders, ", ")
}

func (v *verdict) node(p *ui.Printer, r *verify.Result) ui.Node {
	status := ui.Passed
	if !r.Verified {
		status = ui.Failed
	}
	n := ui.Node{Status: &status, Line: []ui.Text{ui.T(sources(r))}}
	if c := r.Claims; c != nil {
		n.Notes = claimNotes(p, c)
	}
	for _, c := range r.Checks {
		n.Children = append(n.Children, checkNode(p, c, r))
	}
	return n
}

func sources(r *verify.Result) string {
	var names []string
	for _, e := range r.Evidence {
		names = append(names, e.Place()+"  "+e.Shape)
	}
	return strings.Join(names, "; ")
}

// claimNotes shows what a verified payload says.
func claimNotes(p *ui.Printer, c *verify.Claims) [][]ui.Text {
	if c.PredicateType == "" {
		notes := [][]ui.Text{{ui.T("payload  " + c.PayloadType)}}
		if c.Problem != "" {
			notes = append(notes, []ui.Text{ui.T("problem  " + c.Problem)})
		}
		return notes
	}
	notes := [][]ui.Text{{ui.T("type     " + c.PredicateType)}}
	for i, s := range c.Subjects {
		if i == maxShownSubjects {
			return append(notes, []ui.Text{ui.T(fmt.Sprintf("and %d more subjects", len(c.Subjects)-i))})
		}
		line := []ui.Text{ui.T("subject  " + s.Name + "  "), p.Digest(predicate.MainDigest(s.Digest))}
		if s.Matched {
			line = append(line, ui.Styled(ui.Good, "  matches"))
		}
		notes = append(notes, line)
	}
	return notes
}

func checkNode(p *ui.Printer, c verify.Check, r *verify.Result) ui.Node {
	status := map[verify.Status]ui.Status{
		verify.Passed: ui.Passed, verify.Failed: ui.Failed, verify.NotRun: ui.Skipped, verify.NotDemanded: ui.Skipped,
	}[c.Status]
	words := map[verify.Status]string{
		verify.Passed: "", verify.Failed: "", verify.NotRun: "not run", verify.NotDemanded: "not demanded",
	}[c.Status]
	line := []ui.Text{ui.T(fmt.Sprintf("%-11s", c.Name))}
	if words != "" {
		line = append(line, ui.Styled(ui.Faint, words))
	}
	if c.Message != "" && c.Status != verify.NotRun {
		if words != "" {
			line = append(line, ui.Styled(ui.Faint, ": "))
		}
		line = append(line, ui.T(c.Message))
	}
	if c.Reason != "" {
		line = append(line, ui.Styled(ui.Faint, "  "+string(c.Reason)))
	}
	n := ui.Node{Status: &status, Line: line}
	if c.Name == "signature" {
		n.Children = signerNodes(p, r)
	}
	return n
}

// signerNodes lists every signature and what it counts for.
func signerNodes(p *ui.Printer, r *verify.Result) []ui.Node {
	var nodes []ui.Node
	for _, s := range r.Signers {
		status := ui.Passed
		line := []ui.Text{ui.T(s.Name + "  "), p.Digest(s.KeyID)}
		switch {
		case !s.Verified:
			status = ui.Warned
			line = []ui.Text{ui.T(fmt.Sprintf("signature %d counts for nothing: %s", s.Index+1, s.Message))}
		case !s.Counted && s.Message != "":
			status = ui.Warned
			line = append(line, ui.T("  does not count: "+s.Message))
		}
		nodes = append(nodes, ui.Node{Status: &status, Line: line})
	}
	return nodes
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
