package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/policy"
)

// bundleUse says how a trust bundle is used.
type bundleUse struct {
	// policy is the user's own; nil for none.
	policy *policy.Policy
	// replaceUnsafe leaves the bundle's policy out.
	replaceUnsafe bool
	// rules applies the bundle's policy.
	rules bool
}

// bundleName returns the trust bundle that counts: the one that is named, or the
// active one where the flags name no trust; "" for none.
func (t *trustFlags) bundleName(s *session) (string, error) {
	var named []string
	for _, text := range t.trust {
		if name, is := strings.CutPrefix(text, trustScheme); is {
			named = append(named, name)
		}
	}
	switch others := len(t.paths()) - len(named); {
	case len(named) == 0 && others > 0:
		return "", nil
	case len(named) == 0:
		return s.activeTrust()
	case len(named) > 1, others > 0:
		return "", fault.New(fault.UsageInvalid, "a trust bundle is the only trust: it was given with %s", plural(len(named)+others-1, "other trust")).
			WithHint("name the bundle alone, or have its publisher add what is missing")
	}
	return named[0], nil
}

// applyBundle reads a trust bundle into a policy.
func (t *trustFlags) applyBundle(ctx context.Context, s *session, p *verify.Policy, name string) error {
	if t.hybrid {
		return fault.New(fault.UsageInvalid, "--%s is about keys of the command line, and none was given", flagHybrid)
	}
	active, err := s.trustHome().Open(name, p.At, s.Now())
	if err != nil {
		return err
	}
	return t.applyActive(ctx, s, p, active)
}

// applyActive reads the trust of a bundle into a policy.
func (t *trustFlags) applyActive(ctx context.Context, s *session, p *verify.Policy, active *trust.Active) error {
	name := active.Status.Name
	own, err := t.bundlePolicy(active)
	if err != nil {
		return err
	}
	if p.Identities, err = t.identity.identities(true); err != nil {
		return err
	}
	p.Root, p.Trust = active.Root, active.Trust
	if len(p.Identities) > 0 && active.Root.Empty() {
		return fault.New(fault.TrustRequired, "an identity was demanded, and trust %q has no authority to vouch for it", name).
			WithHint("ask its publisher for the authority, or name it: --trusted-root FILE, or --ca FILE for a private one")
	}
	if len(p.Identities) > 0 {
		p.Trust = nil // the signature of a certificate was asked for
	} else if err := t.settle(ctx, s, &p.Trust); err != nil {
		return err
	}
	p.RootSources = []string{trustScheme + name}
	p.RevokedKeys = make(map[string]verify.KeyRevocation, len(active.Revocations))
	for _, r := range active.Revocations {
		p.RevokedKeys[r.KeyID] = verify.KeyRevocation{RevokedAt: r.RevokedAt, Reason: r.Reason}
	}
	if p.Bundle, err = t.bundle.judge(active, own, p.At); err != nil {
		return err
	}
	if p.Bundle.Expired {
		s.ui.Warn("trust %q expired at %s, and the policy allows to use it", name, moment(p.Bundle.Expires))
	}
	if own != nil && t.bundle.rules {
		if err := own.Apply(p); err != nil {
			return err
		}
	}
	return t.somebody(p, own, name)
}

// bundlePolicy returns the policy of the bundle, nil for none.
func (t *trustFlags) bundlePolicy(active *trust.Active) (*policy.Policy, error) {
	if active.Policy == nil || t.bundle.replaceUnsafe {
		return nil, nil
	}
	return policy.Parse(active.Policy, trustScheme+active.Status.Name+"/"+trust.PolicyName, policyOptions())
}

// somebody refuses trust in which nobody's signature would count.
func (t *trustFlags) somebody(p *verify.Policy, own *policy.Policy, name string) error {
	named := t.named || own != nil && own.NamesIdentities()
	if len(p.Identities) > 0 || named || p.Trust != nil && len(p.Trust.Keys()) > 0 {
		return nil
	}
	return fault.New(fault.TrustRequired, "trust %q has authorities, and says of nobody that they may vouch for them", name).
		WithHint("say whose signature you expect: --certificate-identity NAME --certificate-oidc-issuer URL, or a --policy that does")
}

// judge says on what the verdict rests, and refuses trust that expired longer ago
// than the policies allow.
func (u *bundleUse) judge(active *trust.Active, own *policy.Policy, at time.Time) (*verify.Bundle, error) {
	i := active.Status.Imported
	b := &verify.Bundle{
		Name: active.Status.Name, RootVersion: i.Root, TargetsVersion: i.Targets, SignedAt: i.SignedAt, ImportedAt: i.ImportedAt,
		Expires: i.Expires, AgeSeconds: i.AgeSeconds, PolicyReplacedUnsafe: u.replaceUnsafe && active.Policy != nil,
	}
	expired := active.Status.Err()
	if expired == nil {
		return b, nil
	}
	if !at.Before(i.Expires.Add(u.grace(own))) {
		return nil, expired
	}
	b.Expired = true
	return b, nil
}

// grace is for how long after it expired trust may be used: what the bundle's policy
// says, or less if the user's own says so. Where the bundle has no policy the user's
// own decides.
func (u *bundleUse) grace(own *policy.Policy) time.Duration {
	var said []time.Duration
	if own != nil {
		said = append(said, own.AllowExpiredTrustUnsafe.Duration())
	}
	if u.policy != nil && (own == nil || u.policy.AllowExpiredTrustUnsafe != "") {
		said = append(said, u.policy.AllowExpiredTrustUnsafe.Duration())
	}
	if len(said) == 0 {
		return 0
	}
	return slices.Min(said)
}
