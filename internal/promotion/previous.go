package promotion

import (
	"bytes"
	"context"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

// promotion returns the promotion in an envelope, which must be one: the predicate follows
// its schema and names the image that the statement is about.
func (e *envelope) promotion() (*predicate.Promotion, error) {
	if !e.is(predicate.TypePromotion) {
		return nil, fault.New(fault.PredicateType, "%s holds no promotion", e.place()).
			WithHint("stella attest show says what is inside")
	}
	raw, err := e.predicate()
	if err != nil {
		return nil, err
	}
	p, err := predicate.ParsePromotion(bytes.NewReader(raw))
	if err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%s", e.place())
	}
	if len(e.statement.Subjects) != 1 || !e.names(p.Subject[0].Digest["sha256"]) {
		return nil, fault.New(fault.PromotionMaterial, "%s: the statement is not about the image that its predicate names", e.place())
	}
	return p, nil
}

// previous adds the step before.
func (a *assembler) previous(ctx context.Context) error {
	if a.Previous == nil {
		return nil
	}
	items, _, err := bundle.Read(a.Previous)
	if err != nil {
		return err
	}
	var group []*envelope
	for _, item := range items {
		own, err := newEnvelope(ctx, item)
		if err != nil {
			return err
		}
		if own != nil {
			group = append(group, own)
		}
	}
	if groups := payloads(group); len(groups) != 1 {
		return fault.New(fault.UsageInvalid, "%s holds %d attestations, and one step comes before", input.Display(a.Previous.Name()), len(groups))
	}
	ref := group[0].ref
	if ref.Unverified, err = a.judge(ctx, "promotion", group); err != nil {
		return err
	}
	before, err := group[0].promotion()
	if err != nil {
		return err
	}
	if err := continues(before, a.out.Predicate); err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "%s", group[0].place())
	}
	a.out.Predicate.Previous = &ref
	return nil
}

// continues checks that a promotion goes on where the one before it ended, with the
// same image.
func continues(before, after *predicate.Promotion) error {
	_, had := before.Image()
	_, has := after.Image()
	switch {
	case had != has:
		return fault.New(fault.PromotionBroken, "the step before promoted the image %s, and this one %s", had, has)
	case before.Promotion.To != after.Promotion.From:
		return fault.New(fault.PromotionBroken, "the step before ended in %q, and this one begins in %q", before.Promotion.To, after.Promotion.From)
	}
	return nil
}
