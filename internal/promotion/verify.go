package promotion

import (
	"context"
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// Demands are what is demanded of a promotion beside what always is. What the rules of
// a policy demand is added to them.
type Demands struct {
	// Image is the digest that must have been promoted, sha256:<hex>; "" for any.
	Image string
	// From and To are the step; "" for any.
	From, To  string
	Documents []Document
	// SeparateFrom are the roles of materials that there must be, and that no holder who
	// promoted may have signed.
	SeparateFrom []string
	// Chain demands all steps before this one, and ChainFrom the environment that the
	// first of them must begin in; "" for any.
	Chain     bool
	ChainFrom string
	// AllowUnverifiedUnsafe lets materials pass of which the promotion itself says
	// that nothing attests them.
	AllowUnverifiedUnsafe bool

	origins []string // where chains must begin: here, and by the rules
}

// LoosenUnverified is how a report calls AllowUnverifiedUnsafe.
const LoosenUnverified = "allowUnverifiedEvidenceUnsafe"

// step is one promotion under judgement.
type step struct {
	group     []*envelope
	promotion *predicate.Promotion
	broken    error // why there is no promotion
	result    *verify.Result
}

func (s *step) payload() string { return s.group[0].ref.PayloadSHA256 }

// verdict is the state of one verification.
type verdict struct {
	demands  Demands
	evidence *Evidence
	report   *verify.Report
	steps    []*step // the one that was asked for, then those before it
	// results are by payload.
	results map[string]*verify.Result
	items   map[string][]bundle.Item // what was verified, as the court has it
	others  []*step                  // promotions among the evidence that are not in steps
}

// Verify judges the one promotion in named, with all that it names, which must be in
// evidence or in named too. The report is there whenever judging was possible; its error
// is nil if and only if everything that is demanded was found good. The policy's
// subjects play no part: Demands name the image.
func Verify(ctx context.Context, named, evidence *Evidence, p *verify.Policy, d Demands) (*verify.Report, error) {
	whole := &Evidence{ignored: slices.Concat(named.ignored, evidence.ignored)}
	for _, own := range slices.Concat(named.envelopes, evidence.envelopes) {
		whole.put(own)
	}
	v := &verdict{demands: d, evidence: whole}
	if err := v.find(named); err != nil {
		return nil, err
	}
	if err := v.signatures(ctx, p); err != nil {
		return nil, err
	}
	v.addDemands()
	for i, s := range v.steps {
		v.judge(s, i)
	}
	if d.AllowUnverifiedUnsafe {
		v.report.Loosened = append(v.report.Loosened, LoosenUnverified)
	}
	v.report.Compared = d.Image != "" || len(d.Documents) > 0
	return v.report, v.report.Conclude()
}

// find finds the promotion, and those before it.
func (v *verdict) find(named *Evidence) error {
	var target []*envelope
	for _, group := range payloads(named.envelopes) {
		if !group[0].is(predicate.TypePromotion) {
			continue
		}
		if target != nil {
			return fault.New(fault.UsageInvalid, "%s and %s are two promotions, and one is to be verified", target[0].place(), group[0].place()).
				WithHint("name the one to be verified first, and the others as evidence behind it")
		}
		target = v.evidence.withPayload(group[0].ref.PayloadSHA256)
	}
	if len(named.envelopes) == 0 && !named.others {
		return fault.New(fault.SignatureMissing, "there is no envelope or bundle in what is to be verified").
			WithHint("name the promotion's attestation first, as stella promotion attest wrote it")
	}
	if target == nil {
		return fault.New(fault.PredicateType, "there is no promotion in what is to be verified").
			WithHint("name the promotion's attestation first; stella attest show says what is inside of a file")
	}
	return v.walk(newStep(target))
}

// newStep reads the promotion in envelopes with one payload.
func newStep(group []*envelope) *step {
	s := &step{group: group}
	s.promotion, s.broken = group[0].promotion()
	return s
}

// walk goes back from a promotion as far as there is evidence. Each step names the
// digest of the one before, so there can be no loop.
func (v *verdict) walk(s *step) error {
	for s != nil {
		if v.steps = append(v.steps, s); len(v.steps) > MaxChain {
			return fault.New(fault.InputTooLarge, "the chain has more than %d steps", MaxChain)
		}
		if s.promotion == nil || s.promotion.Previous == nil {
			break
		}
		before := v.evidence.withPayload(s.promotion.Previous.PayloadSHA256)
		if len(before) == 0 {
			break
		}
		s = newStep(before)
	}
	for _, group := range payloads(v.evidence.envelopes) {
		if group[0].is(predicate.TypePromotion) && !v.walked(group[0].ref.PayloadSHA256) {
			v.others = append(v.others, newStep(group))
		}
	}
	return nil
}

func (v *verdict) walked(payload string) bool {
	for _, s := range v.steps {
		if s.payload() == payload {
			return true
		}
	}
	return false
}

// signatures verifies the promotions and all that they name.
func (v *verdict) signatures(ctx context.Context, p *verify.Policy) error {
	c := newCourt(v.evidence)
	for _, s := range v.steps {
		c.take(s.payload(), nil)
	}
	for _, s := range v.steps {
		for _, m := range s.materials() {
			c.take(m.Attestation.PayloadSHA256, &m)
		}
	}
	var err error
	if v.report, err = c.judge(ctx, p); err != nil {
		return err
	}
	v.results, v.items = c.results, c.items
	for _, s := range v.steps {
		s.result = v.results[s.payload()]
	}
	return v.rivals(ctx, p)
}

// rivals verifies the other promotions among the evidence, for themselves: one that
// nobody signed who is trusted is no fork, and none is a part of the verdict.
func (v *verdict) rivals(ctx context.Context, p *verify.Policy) error {
	if len(v.others) == 0 {
		return nil
	}
	c := newCourt(v.evidence)
	for _, s := range v.others {
		c.take(s.payload(), nil)
	}
	if _, err := c.judge(ctx, p); err != nil {
		return err
	}
	verified := v.others[:0]
	for _, s := range v.others {
		if r := c.results[s.payload()]; r != nil && r.Verified && s.promotion != nil {
			verified = append(verified, s)
		}
	}
	v.others = verified
	return nil
}

// materials are those that name an attestation.
func (s *step) materials() []predicate.Material {
	var out []predicate.Material
	if s.promotion == nil {
		return nil
	}
	for _, m := range s.promotion.Materials {
		if m.Attestation != nil {
			out = append(out, m)
		}
	}
	return out
}

// stepWords say from where to where.
func stepWords(p *predicate.Promotion) string {
	return fmt.Sprintf("%q to %q", p.Promotion.From, p.Promotion.To)
}
