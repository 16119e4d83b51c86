package report

import (
	"io"

	"github.com/stellaops/stella/pkg/verify"
)

// NewLines returns a Writer of JSON lines: each result as it comes, with a member
// "checks"; what was ignored, as the one member "ignored" of an object; and last the
// verdict over all, which alone has a member "schema" and has no results.
func NewLines(w io.Writer, o Options) Writer { return &lines{w, o.ASCII} }

// summary is a verdict without its results.
type summary struct {
	*verify.Report
	Results []verify.Result `json:"results,omitzero"` // hides those of Report
}

type lines struct {
	w     io.Writer
	ascii bool
}

var _ Writer = (*lines)(nil)

// Result implements Writer.
func (l *lines) Result(r *verify.Result) error { return l.line(r) }

// Ignored implements Writer.
func (l *lines) Ignored(i *verify.Ignored) error {
	return l.line(map[string]*verify.Ignored{"ignored": i})
}

// Close implements Writer.
func (l *lines) Close(whole *verify.Report) error {
	return l.line(summary{Report: whole})
}

// Abort implements Writer.
func (l *lines) Abort() {}

func (l *lines) line(v any) error {
	text, err := encode(v, l.ascii)
	if err != nil {
		return err
	}
	_, err = io.WriteString(l.w, text+"\n")
	return err
}
