package report

import (
	"context"
	"html/template"
	"io"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/pkg/verify"
)

// What a page shows in full, so that it can still be opened and printed. The other
// formats have everything.
const (
	// MaxPageResults is how many payloads are shown in full whatever their outcome.
	// After those, only payloads that are not verified are.
	MaxPageResults = 200
	// MaxPageFailures is how many payloads that are not verified are shown in full.
	MaxPageFailures = 1000
)

// NewPage returns a Writer of one self-contained HTML page: no script, no link to
// anywhere else, nothing to load, and a policy (CSP) that forbids all of it. What is
// not verified stands before what is.
func NewPage(ctx context.Context, w io.Writer, o Options) Writer {
	return newPage(ctx, w, o, pageTemplates())
}

func newPage(ctx context.Context, w io.Writer, o Options, t *template.Template) *page {
	return &page{
		w: w, o: o, templates: t,
		overview: atomicfile.Aside(ctx, aside, w),
		failed:   atomicfile.Aside(ctx, aside, w),
		passed:   atomicfile.Aside(ctx, aside, w),
		noted:    newNotes(),
	}
}

type page struct {
	w         io.Writer
	o         Options
	templates *template.Template

	overview, failed, passed *atomicfile.Spool // in the order in which they stand

	tally         Tally
	shown         int
	shownFailures int
	noted         *notes
	ignored       []verify.Ignored
	ignoredMore   int
}

var _ Writer = (*page)(nil)

// Result implements Writer.
func (p *page) Result(r *verify.Result) error {
	p.count(r)
	_, err := p.show(r)
	return err
}

// count takes in what the page says of all results together.
func (p *page) count(r *verify.Result) {
	p.tally.Add(r)
	p.noted.take(r)
}

// show shows a result in full, if there is room, and returns its number on the page; 0
// for none.
func (p *page) show(r *verify.Result) (number int, err error) {
	if !p.takes(r) {
		return 0, nil
	}
	p.shown++
	view := newResultView(p.shown, r)
	if err := p.templates.ExecuteTemplate(p.overview, "row", view); err != nil {
		return 0, err
	}
	if r.Verified {
		return p.shown, p.templates.ExecuteTemplate(p.passed, "result", view)
	}
	p.shownFailures++
	return p.shown, p.templates.ExecuteTemplate(p.failed, "result", view)
}

// Ignored implements Writer.
func (p *page) Ignored(i *verify.Ignored) error {
	if len(p.ignored) == maxPageList {
		p.ignoredMore++
		return nil
	}
	p.ignored = append(p.ignored, *i)
	return nil
}

// takes reports whether there is room to show r in full.
func (p *page) takes(r *verify.Result) bool {
	if r.Verified {
		return p.tally.Payloads <= MaxPageResults
	}
	return p.shownFailures < MaxPageFailures
}

// Close implements Writer.
func (p *page) Close(whole *verify.Report) error {
	if err := closeWith(p, whole); err != nil {
		return err
	}
	steps := []func() error{p.execute("head", newHeadView(p, whole))}
	if p.shown > 1 {
		steps = append(steps, p.execute("overview", nil), p.overview.Commit, p.execute("overview-end", nil))
	}
	steps = append(steps, p.groups(p.tally.NotVerified(), p.tally.Verified)...)
	steps = append(steps, p.execute("tail", newTailView(p, whole)))
	return p.write(steps)
}

// groups write what is shown in full, what is not verified before what is. The counts
// are of all, shown or not.
func (p *page) groups(failed, passed int) []func() error {
	var steps []func() error
	if failed > 0 {
		steps = append(steps, p.execute("group", newGroupView(false, failed, p.shownFailures)), p.failed.Commit, p.execute("group-end", nil))
	}
	if passed > 0 {
		steps = append(steps, p.execute("group", newGroupView(true, passed, p.shown-p.shownFailures)), p.passed.Commit, p.execute("group-end", nil))
	}
	return steps
}

func (p *page) write(steps []func() error) error {
	defer p.Abort()
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) execute(name string, data any) func() error {
	return func() error { return p.templates.ExecuteTemplate(p.w, name, data) }
}

// Abort implements Writer.
func (p *page) Abort() {
	p.overview.Abort()
	p.failed.Abort()
	p.passed.Abort()
}
