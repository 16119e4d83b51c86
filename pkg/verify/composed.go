package verify

import (
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
)

// What is here is for those who judge more than one payload says by itself, such as
// whether a promotion rests on its evidence: they gather evidence as they like, and
// add checks and results of their own to a report.

// Add adds evidence that was read already. What it was read from must stay open until
// it has been judged.
func (e *Evidence) Add(items ...bundle.Item) { e.items = append(e.items, items...) }

// AddRead is Add for what bundle.Read found in a file of this name, and what it ignored.
func (e *Evidence) AddRead(name string, items []bundle.Item, ignored []bundle.Ignored) {
	e.Add(items...)
	for _, i := range ignored {
		e.Ignore(Ignored{Source: name, Line: i.Line, Reason: fault.NotEvidence, Message: i.Reason})
	}
}

// Ignore adds something that was passed over.
func (e *Evidence) Ignore(i ...Ignored) { e.ignored = append(e.ignored, i...) }

// FailedCheck returns the check of a name that failed with err, whose reason decides
// the exit status. Others need no constructor.
func FailedCheck(name string, err error) Check { return finding(name, "", err) }

// Part returns the result of checks of something that is no signed document, such as a
// manifest. It counts in the verdict, and not among the evidence.
func Part(source Source, checks ...Check) *Result {
	return &Result{Evidence: []Source{source}, Checks: checks, Signers: []Signer{}, part: true}
}

// Established reports whether any check passed. What is verified without that proves nothing, and
// refutes nothing: nobody should take it for good.
func (r *Result) Established() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Status == Passed })
}

// Documents returns how many signed documents the result is over.
func (r *Result) Documents() int {
	if r.part {
		return 0
	}
	return len(r.Evidence)
}

// Conclusion is the verdict over results, as they are when it takes them in. Its zero
// value is that over none.
type Conclusion struct{ verdict conclusion }

// Result takes in a result, and fixes whether it is verified.
func (c *Conclusion) Result(r *Result) { c.verdict.result(r) }

// Ignored takes in something that was passed over.
func (c *Conclusion) Ignored(i *Ignored) { c.verdict.ignored(i) }

// Conclude puts the verdict into a report, with the checks that this has of the
// evidence as a whole. The error is as that of Verify.
func (c *Conclusion) Conclude(r *Report) error {
	r.Verified, r.Exit, r.Reason = false, 0, ""
	c.verdict.checks = r.Checks
	for _, check := range r.Checks {
		if check.Status == Failed {
			c.verdict.take(check) // that it passes is not a reason to believe in anything
		}
	}
	return c.verdict.conclude(r)
}

// Conclude fixes the verdict anew from the results and checks that the report has now.
// The error is as that of Verify.
func (r *Report) Conclude() error {
	var c Conclusion
	for i := range r.Results {
		c.Result(&r.Results[i])
	}
	for i := range r.Ignored {
		c.Ignored(&r.Ignored[i])
	}
	return c.Conclude(r)
}
