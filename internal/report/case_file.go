package report

import (
	"context"
	_ "embed"
	"html/template"
	"io"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/pkg/verify"
)

var (
	//go:embed page/case.html
	caseText string
	//go:embed page/case.css
	caseStyle string
)

// MaxCaseFindings is how many failed checks a case file describes. What is beyond is
// counted.
const MaxCaseFindings = 10_000

// CaseFile is a Writer of the case file of a snapshot: one self-contained HTML page as
// that of NewPage, with what is wrong before everything else, the entries, the timeline
// and the windows of keys drawn to scale, and every signature. It observes the
// verification whose results it takes, and holds bounded memory whatever they are.
type CaseFile struct {
	// Snapshot is what the verification came to; set it before Close.
	Snapshot *forensic.Verdict

	*page
	findings *findingList
	entries  *entryTree
	events   *eventList
	signers  *signerList
	sealed   bool // the snapshot's own signature is verified
}

var (
	_ Writer            = (*CaseFile)(nil)
	_ forensic.Observer = (*CaseFile)(nil)
)

// NewCaseFile returns a Writer to w.
func NewCaseFile(ctx context.Context, w io.Writer, o Options) *CaseFile {
	p := newPage(ctx, w, o, caseTemplates())
	return &CaseFile{
		page:     p,
		findings: &findingList{templates: p.templates, to: atomicfile.Aside(ctx, aside, w)},
		entries:  newEntryTree(), events: newEventList(), signers: newSignerList(),
	}
}

// caseTemplates are those of the page and of the case file.
func caseTemplates() *template.Template {
	functions := pageFunctions(pageStyle + caseStyle)
	for name, f := range caseFunctions() {
		functions[name] = f
	}
	return template.Must(template.Must(template.New("case").Funcs(functions).Parse(pageText)).Parse(caseText))
}

// Entry implements forensic.Observer.
func (c *CaseFile) Entry(e *forensic.Entry, s forensic.EntryStatus) error {
	c.entries.add(e, s)
	return nil
}

// Event implements forensic.Observer.
func (c *CaseFile) Event(e *timeline.Event) error {
	c.events.add(e)
	return nil
}

// Checkpoint implements forensic.Observer.
func (c *CaseFile) Checkpoint(p *forensic.Checkpoint) error {
	c.events.checkpoints = append(c.events.checkpoints, *p)
	return nil
}

// Result implements Writer.
func (c *CaseFile) Result(r *verify.Result) error {
	c.noted.take(r)
	number := 0
	if r.Documents() > 0 {
		c.tally.Add(r)
		var err error
		if number, err = c.show(r); err != nil {
			return err
		}
		c.signers.add(r, number)
		for _, e := range r.Evidence {
			c.entries.judged(e.Member, r.Verified, number)
			c.sealed = c.sealed || e.Member == forensic.SignatureName && r.Verified
		}
	}
	return c.findings.add(r, number)
}

// Close implements Writer.
func (c *CaseFile) Close(whole *verify.Report) error {
	if err := closeWith(c, whole); err != nil {
		return err
	}
	view := newCaseView(c, whole)
	steps := []func() error{c.execute("case-head", view)}
	if c.findings.count > 0 {
		steps = append(steps, c.execute("findings", view), c.findings.to.Commit, c.execute("findings-end", view))
	}
	steps = append(steps, c.execute("case-body", view))
	steps = append(steps, c.groups(c.tally.NotVerified(), c.tally.Verified)...)
	return c.write(append(steps, c.execute("case-tail", view)))
}

// Abort implements Writer.
func (c *CaseFile) Abort() {
	c.page.Abort()
	c.findings.to.Abort()
}
