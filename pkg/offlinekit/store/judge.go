package store

import (
	"context"
	"slices"

	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/verify"
)

// Verify judges the statement over a kit by a policy and holds it to the manifest. It
// returns the holders of the signatures that count; the error is nil if and only if
// every check that the policy demands passed.
func Verify(ctx context.Context, h *offlinekit.Header, p *verify.Policy) ([]string, error) {
	report, err := h.Verify(ctx, p)
	if err != nil {
		return nil, err
	}
	return signers(report), nil
}

// signers are the holders of the signatures that counted.
func signers(report *verify.Report) []string {
	var out []string
	for i := range report.Results {
		for _, s := range report.Results[i].Signers {
			if s.Counted && !slices.Contains(out, s.Holder) {
				out = append(out, s.Holder)
			}
		}
	}
	slices.Sort(out)
	return out
}
