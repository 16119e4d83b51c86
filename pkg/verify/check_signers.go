package verify

import (
	"crypto"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// vote is a signature that counts by itself, as one rule sees it.
type vote struct {
	Signer                   // with holder, roles and tenant as trust and policy say
	index   int              // in the result's signers
	trusted *keys.TrustedKey // nil for a certificate by an authority
	key     crypto.PublicKey
	logged  bool  // the certificate is one that certificate transparency logs hold
	barred  error // why it does not count for the rule; nil if it does

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
	// Promotion is what the rule demands of promotions; nil for nothing.
	Promotion *PromotionDemands `json:"promotion,omitempty"`

	// RuleSet is the index of the policy among those that were applied: names need not
	// differ.
	RuleSet int `json:"-"`
	// Holders are as whom the result's signers count for the policy, by their indices:
	// "" for a signature that does not count by itself.
	Holders []string `json:"-"`

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
	for _, v := range a.votes {
		if v.barred == nil {
			out = append(out, v.Signer)
		}
	}
	return out
}

// judgeSigners holds those who signed to the rule's requirements, and returns
// who is there, in words.
func (j *judgement) judgeSigners(a *applied) (string, error) {
	a.votes = j.votes(a)
	if len(a.votes) == 0 && j.nobody != nil { // says why better than the requirements do
		return "", fault.New(fault.ReasonOf(j.nobody), "%s: no signature counts", a.describe())
	}
	filling := j.fillWith(a, unbarred)
	j.result.Rules = append(j.result.Rules, a.report(filling, len(j.result.Signers)))
	if filling.full {
		return filling.describe(), nil
	}
	return "", j.explain(a, filling)
}

// explain says why the requirements are not met: what bars the signatures that
// would have met them, or who is missing. That half of a hybrid is barred follows from
// what bars the other one, which says more.
func (j *judgement) explain(a *applied, filling *filling) error {
	var barred *vote
	for i := range a.votes {
		v := &a.votes[i]
		if v.barred != nil && (barred == nil || fault.ReasonOf(barred.barred) == fault.SignatureHybrid) {
			barred = v
		}
	}
	if barred != nil && j.fillWith(a, anyVote).full {
		return fault.Wrap(fault.ReasonOf(barred.barred), barred.barred, "%s: signature %d does not count", a.describe(), barred.index+1)
	}
	return fault.New(fault.PolicySigners, "%s: %s", a.describe(), filling.missing()).
		WithHint("ask the missing to sign; what they signed in other files counts if those files are given too")
}

// report is about a payload with a number of signers.
func (a *applied) report(f *filling, signers int) AppliedRule {
	out := AppliedRule{
		Policy: a.set.Name, Rule: a.rule.Name, Signers: []FilledRequirement{}, Promotion: a.rule.Promotion,
		RuleSet: a.index, Holders: make([]string, signers), rule: a.rule,
	}
	for r := range f.requirements {
		req := &f.requirements[r]
		out.Signers = append(out.Signers, FilledRequirement{Name: req.Name, Threshold: req.Threshold, Holders: f.holdersAt(r)})
	}
	for _, v := range a.votes {
		out.Holders[v.index] = v.Holder
		if v.barred != nil {
			out.Barred = append(out.Barred, BarredSigner{v.index, fault.ReasonOf(v.barred), v.barred.Error()})
		}
	}
	return out
}

// votes are the signatures that count by themselves, each with what bars
// it from the rule.
func (j *judgement) votes(a *applied) []vote {
	bar := newBar(j.policy, a)
	var out []vote
	for i, s := range j.result.Signers {
		if !s.Counted {
			continue
		}
		by := &j.candidates[s.key]
		v := vote{Signer: s, index: i, trusted: by.trusted, key: by.Verifier.Public(), logged: j.sigstoreIssued(&s)}
		if v.barred = v.rename(j.policy, a); v.barred == nil {
			v.barred = bar.judge(&v)
		}
		out = append(out, v)
	}
	j.barHalves(out)
	return out
}
