package report

import "github.com/stellaops/stella/pkg/verify"

// Overall is the checks over the evidence as a whole, as one more result; nil if
// there are none. Renderings that know only results show them by it.
func Overall(whole *verify.Report) *verify.Result {
	if len(whole.Checks) == 0 {
		return nil
	}
	r := &verify.Result{Verified: true, Evidence: []verify.Source{{File: "all evidence", Shape: "taken together"}}, Checks: whole.Checks}
	for _, c := range whole.Checks {
		r.Verified = r.Verified && c.Status != verify.Failed && c.Status != verify.NotRun
	}
	return r
}

// closeWith gives the checks over the whole to a Writer before it closes.
func closeWith(w Writer, whole *verify.Report) error {
	if r := Overall(whole); r != nil {
		return w.Result(r)
	}
	return nil
}
