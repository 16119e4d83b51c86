// Package report renders verdicts for machines and for pages: each rendering is
// a Writer that takes one result after the other, so that a verdict over a
// million files needs no more memory than one over ten.
//
// A rendering that is one document (JSON, SARIF, JUnit, HTML) says the verdict
// before the results, though it is known only after them. The results therefore
// wait in memory or, when that is too much, in a temporary file without a name,
// and nothing is written before Close. JSON lines are written as they come, and
// the verdict is the last of them: without that line there is none.
//
// Every string of a verdict may be an attacker's (contracts §11): each Writer
// encodes for its own format, and none trusts another's encoding. What a person
// or a runner reads from the rendering shows characters that are invisible, that
// reorder text or that control a terminal as ui.Escape does; what a program reads
// from JSON has them as they were, in JSON's own escapes.
package report

import (
	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/pkg/verify"
)

// Writer renders one verdict. Results come in the order in which they are to
// be shown. It is not safe for concurrent use.
type Writer interface {
	// Result adds the verdict over one payload. The Writer keeps nothing of r.
	Result(r *verify.Result) error
	// Ignored adds a part of the inputs that is no evidence. The Writer keeps
	// nothing of i.
	Ignored(i *verify.Ignored) error
	// Close ends the rendering with the verdict over all. The report holds
	// everything but the results and what was ignored, which went before it.
	Close(whole *verify.Report) error
	// Abort throws away what waits for Close. After Close it does nothing, so that
	// it can be deferred.
	Abort()
}

// Write gives all of a verdict to w: the results, what was ignored, and the whole.
func Write(w Writer, whole *verify.Report) error {
	for i := range whole.Results {
		if err := w.Result(&whole.Results[i]); err != nil {
			return err
		}
	}
	for i := range whole.Ignored {
		if err := w.Ignored(&whole.Ignored[i]); err != nil {
			return err
		}
	}
	bare := *whole
	bare.Results, bare.Ignored = nil, nil
	return w.Close(&bare)
}

// Options are what a rendering says besides the verdict.
type Options struct {
	// Version is stella's own.
	Version string
	// Inputs are what the user asked to verify, as named.
	Inputs []string
	// ProblemsOnly leaves passed and undemanded checks out of SARIF, for consumers
	// that take each result for a problem.
	ProblemsOnly bool
	// ASCII escapes all other characters in JSON, for terminals without them.
	ASCII bool
}

// aside is how messages call what waits for Close.
const aside = "the report"

// Tee returns a Writer that gives everything to each of writers, in their order.
// The first error ends it.
func Tee(writers ...Writer) Writer { return tee(writers) }

type tee []Writer

var _ Writer = tee(nil)

// Result implements Writer.
func (t tee) Result(r *verify.Result) error {
	for _, w := range t {
		if err := w.Result(r); err != nil {
			return err
		}
	}
	return nil
}

// Ignored implements Writer.
func (t tee) Ignored(i *verify.Ignored) error {
	for _, w := range t {
		if err := w.Ignored(i); err != nil {
			return err
		}
	}
	return nil
}

// Close implements Writer.
func (t tee) Close(whole *verify.Report) error {
	for _, w := range t {
		if err := w.Close(whole); err != nil {
			return err
		}
	}
	return nil
}

// Abort implements Writer.
func (t tee) Abort() {
	for _, w := range t {
		w.Abort()
	}
}

// file is a Writer whose document becomes a file when it is complete.
type file struct {
	Writer
	out atomicfile.Output
}

// Into returns w, which writes to out, as a Writer whose Close also commits out.
func Into(out atomicfile.Output, w Writer) Writer { return &file{w, out} }

// Close implements Writer.
func (f *file) Close(whole *verify.Report) error {
	if err := f.Writer.Close(whole); err != nil {
		return err
	}
	return f.out.Commit()
}

// Abort implements Writer.
func (f *file) Abort() {
	f.Writer.Abort()
	f.out.Abort()
}
