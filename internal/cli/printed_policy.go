package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/verify/policy"
)

// document returns the policy that the flags of verify amount to: what they
// demand, and nothing of whom they trust or when. It is read as a file is, so that
// it can be one.
func (o *verifyOptions) document(s *session) (*policy.Policy, error) {
	if err := cmp.Or(checkThreshold(o.threshold), o.proofs.check()); err != nil {
		return nil, err
	}
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
	p, err := o.printed(s)
	if err != nil {
		return err
	}
	return s.ui.Show(policyResult{p})
}

// writePolicy is printPolicy with the flags that say how a verdict is rendered and
// where to.
func (o *verifyOptions) writePolicy(ctx context.Context, s *session) error {
	if format := s.config.Format; !slices.Contains(formats(), format) {
		return fault.New(fault.UsageInvalid, "--%s %s is a format of verdicts, and --%s gives none", keyFormat, format, flagPrintPolicy).
			WithHint("a policy is printed as YAML, or as JSON with --%s %s", keyFormat, formatJSON)
	}
	output := &o.rendering.output
	if output.onStdout() {
		return o.printPolicy(s)
	}
	p, err := o.printed(s)
	if err != nil {
		return err
	}
	out, err := output.create(ctx, s, slices.Concat(o.subjects, []string{o.policy.path})...)
	if err != nil {
		return err
	}
	defer out.Abort()
	file := ui.New(ui.Options{Stdout: out, Getenv: s.getenv, NoColor: true, JSON: speaksJSON(s.config.Format)})
	if err := file.Show(policyResult{p}); err != nil {
		return err
	}
	return out.Commit()
}

// printed is the policy in a file, or that of the flags.
func (o *verifyOptions) printed(s *session) (*policy.Policy, error) {
	if err := o.sayable(); err != nil {
		return nil, err
	}
	if o.policy.path == "" {
		return o.document(s)
	}
	if o.demandsAnything() {
		return nil, fault.New(fault.UsageInvalid, "the policy in %s and what the other flags demand are two policies, which must both accept", input.Display(o.policy.path)).
			WithHint("print the file's alone, or leave out --%s", flagPolicy)
	}
	return readPolicy(s, o.policy.path)
}

// sayable refuses to print a policy that would demand less than the flags do.
func (o *verifyOptions) sayable() error {
	switch {
	case o.trust.hybrid:
		return fault.New(fault.UsageInvalid, "no policy can say --%s: which keys count only together is said by those who are trusted", flagHybrid).
			WithHint("give the keys one holder and the same \"hybrid\" in a keys.json and trust that beside the policy; leave out --%s to print the rest", flagHybrid)
	case o.expect != 0:
		return fault.New(fault.UsageInvalid, "no policy can say --%s: a policy is about each statement, whatever their number", flagExpect).
			WithHint("say it beside the policy; leave out --%s to print the rest", flagExpect)
	}
	return nil
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
