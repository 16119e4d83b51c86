package report

import (
	"context"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// NewJSON returns a Writer of the verdict as one JSON object of verify.Schema.
func NewJSON(ctx context.Context, w io.Writer, o Options) Writer {
	return &jsonWriter{w, newList(ctx, w, 1, o.ASCII), newList(ctx, w, 1, o.ASCII)}
}

type jsonWriter struct {
	w                io.Writer
	results, ignored *list
}

var _ Writer = (*jsonWriter)(nil)

// Result implements Writer.
func (j *jsonWriter) Result(r *verify.Result) error { return j.results.add(r) }

// Ignored implements Writer.
func (j *jsonWriter) Ignored(i *verify.Ignored) error { return j.ignored.add(i) }

// Close implements Writer.
func (j *jsonWriter) Close(whole *verify.Report) error {
	bare := *whole
	bare.Results, bare.Ignored = []verify.Result{}, nil
	if j.ignored.n > 0 {
		bare.Ignored = []verify.Ignored{}
	}
	text, err := encode(struct {
		*verify.Report
		Ignored []verify.Ignored `json:"ignored,omitzero"` // also when it is empty here
	}{&bare, bare.Ignored}, j.results.ascii, jsontext.WithIndent(indent))
	if err != nil {
		return err
	}
	if text, err = j.results.writeInto(text, "results"); err != nil {
		return err
	}
	if j.ignored.n > 0 {
		if text, err = j.ignored.writeInto(text, "ignored"); err != nil {
			return err
		}
	}
	_, err = io.WriteString(j.w, text+"\n")
	return err
}

// Abort implements Writer.
func (j *jsonWriter) Abort() {
	j.results.abort()
	j.ignored.abort()
}

// list is the elements of an array in a JSON document whose beginning is known
// last.
type list struct {
	w      io.Writer
	aside  *atomicfile.Spool
	margin string // of the array's own name
	ascii  bool
	n      int
}

// newList returns the list of an array that is a member at some depth of the
// document.
func newList(ctx context.Context, w io.Writer, depth int, ascii bool) *list {
	return &list{w: w, aside: atomicfile.Aside(ctx, aside, w), margin: strings.Repeat(indent, depth), ascii: ascii}
}

const indent = "  "

// add appends v to the array.
func (l *list) add(v any) error {
	text, err := encode(v, l.ascii, jsontext.WithIndentPrefix(l.margin+indent), jsontext.WithIndent(indent))
	if err != nil {
		return err
	}
	separator := ",\n"
	if l.n == 0 {
		separator = "\n"
	}
	l.n++
	_, err = io.WriteString(l.aside, separator+l.margin+indent+text)
	return err
}

// writeInto writes an indented document up to the end of its array called name,
// which is empty in it, with the elements. It returns the rest of the document.
func (l *list) writeInto(text, name string) (rest string, err error) {
	// Strings hold no line break, so this is the member itself, and its depth says
	// which.
	place := fmt.Sprintf("\n%s%q: [", l.margin, name)
	before, after, _ := strings.Cut(text, place+"]")
	if _, err := io.WriteString(l.w, before+place); err != nil {
		return "", err
	}
	if err := l.aside.Commit(); err != nil {
		return "", err
	}
	if l.n > 0 {
		return "\n" + l.margin + "]" + after, nil
	}
	return "]" + after, nil
}

func (l *list) abort() { l.aside.Abort() }

// encode returns v as JSON that cannot act on a terminal or a CI runner. What is
// not UTF-8, as names of files may be, becomes U+FFFD.
func encode(v any, ascii bool, opts ...json.Options) (string, error) {
	opts = append(opts, jsontext.AllowInvalidUTF8(true), json.Deterministic(true))
	text, err := json.Marshal(v, opts...)
	if err != nil {
		return "", fmt.Errorf("failed to encode the verdict: %w", err)
	}
	return ui.SafeJSON(text, ascii), nil
}
