package forensic

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// The names of the checks of a snapshot, beside those of package verify.
const (
	checkManifest  = "manifest"
	checkCase      = "case"
	checkChecksum  = "checksum"
	checkRoot      = "root"
	checkEntry     = "entry"
	checkTimeline  = "timeline"
	checkReference = "reference"
	checkArchive   = "archive"
)

// result returns the verdict over one part of a snapshot.
func (v *verification) result(member string, line int, shape string, checks ...verify.Check) *verify.Result {
	r := &verify.Result{
		Verified: true, Signers: []verify.Signer{}, Checks: checks,
		Evidence: []verify.Source{{File: v.o.Name, Member: member, Line: line, Shape: shape}},
	}
	for _, c := range checks {
		r.Verified = r.Verified && c.Status != verify.Failed && c.Status != verify.NotRun
	}
	return r
}

func passed(name, found string) verify.Check {
	return verify.Check{Name: name, Status: verify.Passed, Message: found}
}

// failed is a check whose message is our own words, what they repeat quoted.
func failed(name string, err error) verify.Check {
	return verify.Check{Name: name, Status: verify.Failed, Reason: fault.ReasonOf(err), Message: err.Error(), Hint: fault.HintOf(err)}
}

func failure(name string, r fault.Reason, format string, args ...any) verify.Check {
	return failed(name, fault.New(r, format, args...))
}

// conclusion is the verdict over all results as it forms.
type conclusion struct {
	made     bool // a check passed
	statuses []int
	reasons  map[int]fault.Reason // the first of each status
	results  int
	failures int
}

func (c *conclusion) take(r *verify.Result) {
	c.results++
	if !r.Verified {
		c.failures++
	}
	for _, check := range r.Checks {
		c.check(&check)
	}
}

func (c *conclusion) check(check *verify.Check) {
	switch check.Status {
	case verify.Passed:
		c.made = true
	case verify.Failed:
		status := check.Reason.Exit()
		if _, known := c.reasons[status]; !known {
			if c.reasons == nil {
				c.reasons = make(map[int]fault.Reason)
			}
			c.reasons[status] = check.Reason
			c.statuses = append(c.statuses, status)
		}
	}
}

// conclude puts the verdict into a report that says what it rests on.
func (c *conclusion) conclude(whole *verify.Report) {
	whole.Verified, whole.Exit, whole.Reason = true, fault.ExitOK, ""
	if len(c.statuses) == 0 && c.made {
		return
	}
	if len(c.statuses) == 0 {
		c.check(&verify.Check{Status: verify.Failed, Reason: fault.SignatureMissing}) // nothing was checked
	}
	whole.Verified, whole.Exit = false, fault.Worst(c.statuses...)
	whole.Reason = c.reasons[whole.Exit]
}
