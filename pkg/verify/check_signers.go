package verify

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// candidate is a signature that counts by itself, as one rule sees it.
type candidate struct {
	Signer                   // with holder, roles and tenant as trust and policy say
	index   int              // in the result's signers
	trusted *keys.TrustedKey // nil for a certificate by an authority
	barred  error            // why it does not count for the rule; nil if it does

	// identity stands for any certificate in its name, when it is asked who could
	// sign.
	identity *Identity
}

// AppliedRule is a rule that was applied to a payload, and who met it.
type AppliedRule struct {
	Policy string `json:"policy,omitempty"`
	Rule   string `json:"rule"`
	// Signers are the rule's requirements, each with those who filled its places.
	Signers []FilledRequirement `json:"signers"`
	// Barred are the signatures that count by themselves and not for the rule.
	Barred []BarredSigner `json:"barred,omitempty"`

	rule *Rule
}

// FilledRequirement is a requirement and who filled it.
type FilledRequirement struct {
	Name      string   `json:"name"`
	Threshold int      `json:"threshold"`
	Holders   []string `json:"holders"`
}

// BarredSigner is a signature that does not count for a rule.
type BarredSigner struct {
	Signer  int          `json:"signer"` // index into the result's signers
	Reason  fault.Reason `json:"reason"`
	Message string       `json:"message"`
}

// signers are those that count for the rule.
func (a *applied) signers() []Signer {
	var out []Signer
	for _, c := range a.candidates {
		if c.barred == nil {
			out = append(out, c.Signer)
		}
	}
	return out
}

// judgeSigners holds those who signed to the rule's requirements, and returns
// who is there, in words.
func (j *judgement) judgeSigners(a *applied) (string, error) {
	a.candidates = j.candidates(a)
	usable := func(c *candidate) bool { return c.barred == nil }
	filling := fill(a.rule.requirements(), a.candidates, usable)
	j.result.Rules = append(j.result.Rules, a.report(filling))
	if filling.full {
		return filling.describe(), nil
	}
	return "", a.explain(filling)
}

// explain says why the requirements are not met: what bars the signatures that
// would have met them, or who is missing.
func (a *applied) explain(filling *filling) error {
	all := fill(a.rule.requirements(), a.candidates, func(*candidate) bool { return true })
	for _, c := range a.candidates {
		if all.full && c.barred != nil {
			return fault.Wrap(fault.ReasonOf(c.barred), c.barred, "%s: signature %d does not count", a.describe(), c.index+1)
		}
	}
	return fault.New(fault.PolicySigners, "%s: %s", a.describe(), filling.missing()).
		WithHint("ask the missing to sign; what they signed in other files counts if those files are given too")
}

func (a *applied) report(f *filling) AppliedRule {
	out := AppliedRule{Policy: a.set.Name, Rule: a.rule.Name, Signers: []FilledRequirement{}, rule: a.rule}
	for r := range f.requirements {
		req := &f.requirements[r]
		out.Signers = append(out.Signers, FilledRequirement{Name: req.Name, Threshold: req.Threshold, Holders: f.holdersAt(r)})
	}
	for _, c := range a.candidates {
		if c.barred != nil {
			out.Barred = append(out.Barred, BarredSigner{c.index, fault.ReasonOf(c.barred), c.barred.Error()})
		}
	}
	return out
}

// candidates are the signatures that count by themselves, each with what bars
// it from the rule.
func (j *judgement) candidates(a *applied) []candidate {
	bar := j.newBar(a)
	var out []candidate
	for i, s := range j.result.Signers {
		if !s.Counted {
			continue
		}
		c := candidate{Signer: s, index: i, trusted: bar.trustedKey(&s)}
		if c.barred = c.rename(a.set); c.barred == nil {
			c.barred = bar.judge(&c)
		}
		out = append(out, c)
	}
	return out
}

// rename gives the signer the holder, roles and tenant that the trust says of
// its key, or the policy's identities of its certificate.
func (c *candidate) rename(set *RuleSet) error {
	if c.trusted != nil {
		c.Holder, c.Roles, c.Tenant = c.trusted.Holder, c.trusted.Roles, c.trusted.Tenant
		return nil
	}
	if len(set.Identities) == 0 {
		return nil
	}
	if c.Certificate == nil {
		return fault.New(fault.IdentityMismatch, "the signature is by no key of the trust and by no certificate")
	}
	for i := range set.Identities {
		if id := &set.Identities[i]; id.matches(c.Certificate) {
			c.Holder, c.Roles, c.Tenant = id.holderOf(c.Certificate), id.Roles, id.Tenant
			return nil
		}
	}
	return fault.New(fault.IdentityMismatch, "the certificate is in none of the names of the policy")
}

// matches reports whether a certificate is in the identity's name.
func (i *Identity) matches(c *Certificate) bool {
	return i.SubjectAlternativeName.Matches(c.Identity) && i.Issuer.Matches(c.Issuer)
}

// holderOf returns as whom a certificate that matches counts: by default as one
// holder for each pair of issuer and name.
func (i *Identity) holderOf(c *Certificate) string {
	if i.Holder != "" {
		return i.Holder
	}
	return c.Issuer + " " + c.Identity
}
