package verify

import (
	"github.com/stellaops/stella/internal/fault"
)

// Counts are what a verification went over.
type Counts struct {
	// Evidence is how many envelopes and bundles were judged: Verified and Rejected
	// of them. One that was given twice counts twice here, and once where a number is
	// expected.
	Evidence int `json:"evidence"`
	Verified int `json:"verified"`
	Rejected int `json:"rejected"`
	// Unread is how many places should hold evidence and could not be read.
	Unread int `json:"unread"`
	// Results is how many verdicts there are.
	Results int `json:"results"`
	// WouldFall is how many of them stand only without the assumed revocations.
	WouldFall int `json:"wouldFall,omitzero"`
	// Ignored counts what was passed over by reason.
	Ignored map[fault.Reason]int `json:"ignored,omitempty"`
}

// conclusion is the verdict over all results as it forms. Its zero value is that
// over none.
type conclusion struct {
	counts   Counts
	checks   []Check // of the whole
	made     bool    // some check passed
	statuses []int   // the different ones, each with its first failure
	failures []error
	matched  map[int]bool // indices of the policy's artifacts
	met      map[*Rule]bool
}

// result fixes the verdict over r and takes it in.
func (c *conclusion) result(r *Result) {
	r.Verified = true
	for _, check := range r.Checks {
		r.Verified = r.Verified && check.Status != Failed && check.Status != NotRun
		c.take(check)
	}
	c.count(r)
	if c.matched == nil {
		c.matched, c.met = make(map[int]bool), make(map[*Rule]bool)
	}
	for a := range r.demanded {
		c.matched[a] = true
	}
	for i := range r.Rules {
		c.met[r.Rules[i].rule] = c.met[r.Rules[i].rule] || r.passed()
	}
}

func (c *conclusion) count(r *Result) {
	if r.part {
		return
	}
	c.counts.Results++
	switch {
	case r.unread != nil:
		c.counts.Unread += len(r.Evidence)
		return
	case r.Verified:
		c.counts.Verified += len(r.Evidence)
	default:
		c.counts.Rejected += len(r.Evidence)
	}
	c.counts.Evidence += len(r.Evidence)
	if r.WouldFall {
		c.counts.WouldFall++
	}
}

func (c *conclusion) take(check Check) {
	switch check.Status {
	case Passed:
		c.made = true
	case Failed:
		c.fail(check.Reason.Exit(), check.cause())
	}
}

func (c *conclusion) fail(status int, err error) {
	for _, s := range c.statuses {
		if s == status {
			return
		}
	}
	c.statuses, c.failures = append(c.statuses, status), append(c.failures, err)
}

// whole takes in a check of what is demanded of the evidence as a whole.
func (c *conclusion) whole(name, found string, err error) {
	check := finding(name, found, err)
	c.checks = append(c.checks, check)
	if check.Status == Failed {
		c.take(check) // that it passes is not a reason to believe in anything
	}
}

func (c *conclusion) ignored(i *Ignored) {
	if c.counts.Ignored == nil {
		c.counts.Ignored = make(map[fault.Reason]int)
	}
	c.counts.Ignored[i.Reason] += max(1, i.Lines)
}

// unmatched makes a finding of every demanded artifact that no evidence is about,
// however much evidence there is. Where nothing is about anything, and one result at
// most has failed to say so, there is nothing to add.
func (c *conclusion) unmatched(p *Policy) {
	if c.counts.Results < 2 && len(c.matched) == 0 && !c.holds() {
		return
	}
	for i, first := range firsts(p.Subjects) {
		if i == first && !c.matched[i] {
			c.whole("artifact", "", fault.New(fault.SubjectMismatch, "no evidence is about %s", describe(&p.Subjects[i])))
		}
	}
}

// holds reports whether something was checked and nothing has failed.
func (c *conclusion) holds() bool { return len(c.failures) == 0 && c.made }

// conclude puts the verdict into the report. The error is nil if and only if every
// demanded check passed and at least one was made.
func (c *conclusion) conclude(r *Report) error {
	r.Checks, r.Counts = c.checks, c.counts
	if c.holds() {
		r.Verified, r.Exit = true, fault.ExitOK
		return nil
	}
	if len(c.failures) == 0 {
		c.fail(fault.SignatureMissing.Exit(), fault.New(fault.SignatureMissing, "nothing was checked"))
	}
	r.Exit = fault.Worst(c.statuses...)
	for i, s := range c.statuses {
		if s == r.Exit {
			r.Reason = fault.ReasonOf(c.failures[i])
			return c.failures[i]
		}
	}
	return c.failures[0]
}
