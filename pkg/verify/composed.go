package verify

import "github.com/stellaops/stella/internal/bundle"

// What is here is for those who judge more than one payload says by itself, such as
// whether a promotion rests on its evidence: they gather evidence as they like, and
// add checks of their own to a report.

// Add adds evidence that was read already. What it was read from must stay open until
// it has been judged.
func (e *Evidence) Add(items ...bundle.Item) { e.items = append(e.items, items...) }

// Ignore adds something that was passed over.
func (e *Evidence) Ignore(i ...Ignored) { e.ignored = append(e.ignored, i...) }

// FailedCheck returns the check of a name that failed with err, whose reason decides
// the exit status. Others need no constructor.
func FailedCheck(name string, err error) Check { return finding(name, "", err) }

// Conclude fixes the verdict anew from the results and checks that the report has now.
// A failed check must be of FailedCheck or of Verify. The error is as that of Verify.
func (r *Report) Conclude() error {
	var c conclusion
	r.Verified, r.Exit, r.Reason = false, 0, ""
	for i := range r.Results {
		c.result(&r.Results[i])
	}
	for i := range r.Ignored {
		c.ignored(&r.Ignored[i])
	}
	c.checks = r.Checks
	for _, check := range r.Checks {
		if check.Status == Failed {
			c.take(check) // that it passes is not a reason to believe in anything
		}
	}
	return c.conclude(r)
}
