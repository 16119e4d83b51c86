package cli

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// resultNode is the verdict over one payload: its evidence, what it says, every
// check, and under the signature every signer.
func resultNode(p *ui.Printer, r *verify.Result) ui.Node {
	status := ui.Passed
	switch {
	case !r.Verified:
		status = ui.Failed
	case !r.Established():
		status = ui.Skipped
	}
	n := ui.Node{Status: &status, Line: []ui.Text{ui.T(sources(r))}}
	if c := r.Claims; c != nil {
		n.Notes = claimNotes(p, c)
	}
	checks := r.Checks
	if r.Unread() {
		checks = checks[:1] // none of the others was run
	}
	for _, c := range checks {
		n.Children = append(n.Children, checkNode(p, c, r))
	}
	if r.Unread() {
		n.Children = append(n.Children, ui.Node{Status: glyphOf(verify.NotRun), Line: statusLine("the rest    ", verify.NotRun, "")})
	}
	return n
}

func sources(r *verify.Result) string {
	var names []string
	for _, e := range r.Evidence {
		names = append(names, strings.TrimSpace(e.Place()+"  "+e.Shape))
	}
	return strings.Join(names, "; ")
}

// claimNotes shows what a verified payload says.
func claimNotes(p *ui.Printer, c *verify.Claims) [][]ui.Text {
	var notes [][]ui.Text
	switch {
	case c.PredicateType != "":
		notes = append(notes, []ui.Text{ui.T("type     " + c.PredicateType)})
	case c.PayloadType != "":
		notes = append(notes, []ui.Text{ui.T("payload  " + c.PayloadType)})
	}
	if c.Problem != "" {
		notes = append(notes, []ui.Text{ui.T("problem  " + c.Problem)})
	}
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
	n := ui.Node{Status: glyphOf(c.Status), Line: statusLine(fmt.Sprintf("%-11s", c.Name), c.Status, c.Message)}
	if c.Reason != "" {
		n.Line = append(n.Line, ui.Styled(ui.Faint, "  "+string(c.Reason)))
	}
	switch c.Name {
	case "signature":
		n.Children = signerNodes(p, r)
	case "policy":
		n.Children = ruleNodes(r)
	}
	return n
}

// statusLine is a name, the word for its status where the glyph does not say it
// all, and what was found.
func statusLine(name string, status verify.Status, found string) []ui.Text {
	line := []ui.Text{ui.T(name)}
	word := report.StatusWord(status)
	if status == verify.Passed || status == verify.Failed {
		word = ""
	}
	if word != "" {
		line = append(line, ui.Styled(ui.Faint, word))
	}
	if found == "" || status == verify.NotRun {
		return line
	}
	if word != "" {
		line = append(line, ui.Styled(ui.Faint, ": "))
	}
	return append(line, ui.T(found))
}

func glyphOf(s verify.Status) *ui.Status {
	glyph := map[verify.Status]ui.Status{
		verify.Passed: ui.Passed, verify.Failed: ui.Failed, verify.NotRun: ui.Skipped, verify.NotDemanded: ui.Skipped,
	}[s]
	return &glyph
}

// signerNodes lists every signature, who made it, and what it counts for.
func signerNodes(p *ui.Printer, r *verify.Result) []ui.Node {
	var nodes []ui.Node
	for i := range r.Signers {
		nodes = append(nodes, signerNode(p, &r.Signers[i]))
	}
	return nodes
}

func signerNode(p *ui.Printer, s *verify.Signer) ui.Node {
	status := ui.Passed
	n := ui.Node{Status: &status, Line: []ui.Text{ui.T(report.SignerName(s) + "  "), p.Digest(s.KeyID)}}
	switch {
	case !s.Verified:
		status = ui.Warned
		n.Line = []ui.Text{ui.T(fmt.Sprintf("signature %d counts for nothing: %s", s.Index+1, s.Message))}
		if s.Certificate == nil {
			break // nobody vouches for anything about it
		}
		n.Notes = factNotes(p, s)
	default:
		if !s.Counted && s.Message != "" {
			status = ui.Warned
			n.Line = append(n.Line, ui.T("  does not count: "+s.Message))
		}
		n.Notes = factNotes(p, s)
	}
	for _, proof := range s.Proofs {
		line := statusLine(fmt.Sprintf("%-16s", report.ProofName(proof.Kind)), proof.Status, report.ProofWords(&proof))
		if proof.Reason != "" {
			line = append(line, ui.Styled(ui.Faint, "  "+string(proof.Reason)))
		}
		n.Children = append(n.Children, ui.Node{Status: glyphOf(proof.Status), Line: line})
	}
	return n
}

// ruleNodes lists the rules that were applied, and who filled their places.
func ruleNodes(r *verify.Result) []ui.Node {
	var nodes []ui.Node
	for i := range r.Rules {
		rule := &r.Rules[i]
		n := ui.Node{Line: []ui.Text{ui.T(report.RuleName(rule))}}
		for _, f := range rule.Signers {
			line := []ui.Text{ui.T(f.Name + "  "), ui.T(report.RequirementWords(&f))}
			n.Children = append(n.Children, ui.Node{Status: glyphOf(report.RequirementStatus(&f)), Line: line})
		}
		for _, b := range rule.Barred {
			status := ui.Warned
			n.Children = append(n.Children, ui.Node{Status: &status, Line: []ui.Text{
				ui.T(fmt.Sprintf("signer %d does not count: %s", b.Signer+1, b.Message)), ui.Styled(ui.Faint, "  "+string(b.Reason)),
			}})
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// factNotes are two columns of what is known of a signer.
func factNotes(p *ui.Printer, s *verify.Signer) [][]ui.Text {
	var notes [][]ui.Text
	for _, f := range report.SignerFacts(s) {
		value := ui.T(f.Value)
		if f.Digest {
			value = p.Digest(f.Value)
		}
		notes = append(notes, []ui.Text{ui.Styled(ui.Faint, fmt.Sprintf("%-11s  ", f.Label)), value})
	}
	return notes
}
