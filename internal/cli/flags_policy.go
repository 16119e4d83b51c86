package cli

import (
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
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

// document returns the policy that the flags of verify amount to: what they
// demand, and nothing of whom they trust or when. It is read as a file is, so that
// it can be one.
func (o *verifyOptions) document(s *session) (*policy.Policy, error) {
	rule := policy.Rule{Name: "all", Signers: []policy.Requirement{{Threshold: o.threshold}}}
	if o.predicateType != "" {
		rule.PredicateTypes = []string{o.predicateType}
	}
	p := &policy.Policy{
		Demands:          policy.Demands{Proofs: policy.Proofs{Log: o.proofs.logs, Timestamp: o.proofs.timestamps}},
		AllowNoLogUnsafe: o.proofs.allowNoLog, AllowNoSCTUnsafe: o.proofs.allowNoSCT,
		Rules: []policy.Rule{rule},
	}
	if s.config.Profile != keys.ProfileDefault {
		p.Profile = s.config.Profile
	}
	if o.proofs.demandRevocationKnowable {
		p.Revocation = policy.Required
	}
	var err error
	if p.Identities, err = o.trust.identity.document(len(splitRoots(o.trust.trust).roots)+len(o.trust.roots) > 0); err != nil {
		return nil, err
	}
	if p.Artifacts, err = o.artifacts(s); err != nil {
		return nil, err
	}
	text, err := p.Marshal()
	if err != nil {
		return nil, err
	}
	return policy.Parse(text, "the flags", policyOptions())
}

// artifacts are the demanded subjects, by digest.
func (o *verifyOptions) artifacts(s *session) ([]policy.Artifact, error) {
	if err := stdinOnce(o.subjects...); err != nil {
		return nil, err
	}
	closers := &closeList{}
	defer closers.close()
	subjects, err := openArtifacts(s, o.subjects, closers)
	if err != nil {
		return nil, err
	}
	var out []policy.Artifact
	for _, a := range subjects {
		artifact := policy.Artifact{Digest: "sha256:" + a.Digest["sha256"]}
		if strictjson.IsText(a.Name) && a.Name != artifact.Digest {
			artifact.Name = a.Name
		}
		out = append(out, artifact)
	}
	return out, nil
}

// document returns the flags as a policy says them.
func (f *identityFlags) document(public bool) ([]policy.Identity, error) {
	demanded, err := f.identities(public)
	if err != nil || len(demanded) == 0 {
		return nil, err
	}
	id := policy.Identity{
		Identity: policy.Match{Exact: f.identity, Regexp: f.identityPattern},
		Issuer:   policy.Match{Exact: f.issuer, Regexp: f.issuerPattern},
	}
	id.Issuer.AnyUnsafe = id.Issuer.IsZero() // a private CA vouches for it
	return []policy.Identity{id}, nil
}

// printPolicy shows what verify would demand.
func (o *verifyOptions) printPolicy(s *session) error {
	if o.policy.path == "" {
		p, err := o.document(s)
		if err != nil {
			return err
		}
		return s.ui.Show(policyResult{p})
	}
	if o.demandsAnything() {
		return fault.New(fault.UsageInvalid, "the policy in %s and what the other flags demand are two policies, which must both accept", input.Display(o.policy.path)).
			WithHint("print the file's alone, or leave out --%s", flagPolicy)
	}
	p, err := readPolicy(s, o.policy.path)
	if err != nil {
		return err
	}
	return s.ui.Show(policyResult{p})
}

// demandsAnything reports whether flags demand something beside the policy.
func (o *verifyOptions) demandsAnything() bool {
	return o.threshold != 1 || o.predicateType != "" || len(o.subjects) > 0 || o.trust.identity.given() || o.proofs != proofFlags{}
}

// policyResult is a policy as it is written.
type policyResult struct{ *policy.Policy }

// Text implements ui.Result.
func (r policyResult) Text(p *ui.Printer) {
	text, err := r.Marshal()
	if err != nil {
		p.Line(ui.T(err.Error())) // not reached: it was written before
		return
	}
	p.Verbatim(string(text))
}
