package cli

import (
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify/policy"
)

// The flags of policyFlags.
const (
	flagPolicy      = "policy"
	flagPrintPolicy = "print-policy"

	flagReplacePolicy = "replace-policy-unsafe"
)

// policyFlags name the policy of a verification, or ask for what the other flags
// amount to.
type policyFlags struct {
	path  string
	print bool
	// replaceUnsafe leaves the policy of the trust bundle out.
	replaceUnsafe bool
}

// AddFlags registers the flags, but for the one that asks.
func (f *policyFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.path, flagPolicy, "", "demand what the policy in `FILE` does, beside what the other flags demand")
	fs.BoolVar(&f.replaceUnsafe, flagReplacePolicy, false, "DANGER: leave out the policy of the trust bundle, which --policy can otherwise only narrow")
}

// load reads the policy, or returns nil if none is named.
func (f *policyFlags) load(s *session) (*policy.Policy, error) {
	if f.path == "" {
		return nil, nil
	}
	return readPolicy(s, f.path)
}

// policyOptions are what policies are read with.
func policyOptions() policy.Options {
	return policy.Options{TypeURI: predicate.Resolve, Spellings: predicate.Spellings}
}

func readPolicy(s *session, path string) (*policy.Policy, error) {
	text, err := readPolicyText(s, path)
	if err != nil {
		return nil, err
	}
	return policy.Parse(text, path, policyOptions())
}

// readPolicyText reads a policy or its tests.
func readPolicyText(s *session, path string) ([]byte, error) {
	f, err := input.Open(path, s.Stdin, policy.MaxSize)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.ReadAll()
}
