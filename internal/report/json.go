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
	return &jsonWriter{w: w, list: newList(ctx, w, 1, o.ASCII)}
}

type jsonWriter struct {
	w    io.Writer
	list *list
}

var _ Writer = (*jsonWriter)(nil)

// Result implements Writer.
func (j *jsonWriter) Result(r *verify.Result) error { return j.list.add(r) }

// Close implements Writer.
func (j *jsonWriter) Close(whole *verify.Report) error {
	bare := *whole
	bare.Results = []verify.Result{}
	return j.list.writeInto(bare, "results")
}

// Abort implements Writer.
func (j *jsonWriter) Abort() { j.list.abort() }

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

// writeInto writes document with the elements in its array called name, which is
// empty in it.
func (l *list) writeInto(document any, name string) error {
	text, err := encode(document, l.ascii, jsontext.WithIndent(indent))
	if err != nil {
		return err
	}
	// Strings hold no line break, so this is the member itself, and its depth says
	// which.
	place := fmt.Sprintf("\n%s%q: [", l.margin, name)
	before, after, _ := strings.Cut(text, place+"]")
	if l.n > 0 {
		after = "\n" + l.margin + "]" + after
	} else {
		after = "]" + after
	}
	if _, err := io.WriteString(l.w, before+place); err != nil {
		return err
	}
	if err := l.aside.Commit(); err != nil {
		return err
	}
	_, err = io.WriteString(l.w, after+"\n")
	return err
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
