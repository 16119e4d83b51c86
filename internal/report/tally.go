package report

import "github.com/stellaops/stella/pkg/verify"

// Tally counts results as they go by.
type Tally struct {
	Payloads  int // results
	Verified  int
	Documents int // envelopes and bundles
	WouldFall int // with the assumed revocations, and not without
}

// Add counts one result.
func (t *Tally) Add(r *verify.Result) {
	t.Payloads++
	t.Documents += r.Documents()
	if r.Verified {
		t.Verified++
	}
	if r.WouldFall {
		t.WouldFall++
	}
}

// NotVerified returns how many results are not verified.
func (t *Tally) NotVerified() int { return t.Payloads - t.Verified }
