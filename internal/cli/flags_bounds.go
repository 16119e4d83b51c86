package cli

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

// checkThreshold refuses a --threshold that no policy could say.
func checkThreshold(n int) error {
	if n < 1 {
		return fault.New(fault.UsageInvalid, "--threshold must be at least 1")
	}
	return checkDemanded("threshold", n, "holders")
}

// checkDemanded refuses to demand more of a kind than a policy can: it is what the
// flags amount to.
func checkDemanded(flag string, n int, what string) error {
	if n <= policy.MaxThreshold {
		return nil
	}
	return fault.New(fault.UsageInvalid, "--%s %d is too much: at most %d %s can be demanded", flag, n, policy.MaxThreshold, what).
		WithHint("demand as many as are trusted at the most")
}

// check refuses counts that no policy could say.
func (f *proofFlags) check() error {
	if err := checkDemanded(flagRequireLog, f.logs, "logs"); err != nil {
		return err
	}
	return checkDemanded(flagRequireTimestamp, f.timestamps, "authorities")
}

// apply demands the proofs of a verification.
func (f *proofFlags) apply(p *verify.Policy) error {
	p.Proofs = verify.Proofs{Log: f.logs, Timestamp: f.timestamps}
	p.AllowNoLogUnsafe, p.AllowNoSCTUnsafe = f.allowNoLog, f.allowNoSCT
	p.DemandRevocation = f.demandRevocationKnowable
	return f.check()
}
