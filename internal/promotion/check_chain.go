package promotion

import (
	"fmt"
	"slices"
	"time"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// addDemands adds what rules demand. Those that were applied to the promotion that was
// asked for hold for all steps, those of a step before for that step; where the chain
// begins is the same for all.
func (v *verdict) addDemands() {
	v.demands.SeparateFrom = union(v.demands.SeparateFrom, v.steps[0].separateFrom())
	for _, s := range v.steps {
		for i := range s.result.Rules {
			if d := s.result.Rules[i].Promotion; d != nil && d.ChainFrom != "" {
				v.demands.origins = append(v.demands.origins, d.ChainFrom)
			}
		}
	}
	if v.demands.ChainFrom != "" {
		v.demands.origins = append(v.demands.origins, v.demands.ChainFrom)
	}
	v.demands.Chain = v.demands.Chain || len(v.demands.origins) > 0
}

// separateFrom are the roles that the rules name which were applied to the step.
func (s *step) separateFrom() []string {
	var out []string
	for i := range s.result.Rules {
		if d := s.result.Rules[i].Promotion; d != nil {
			out = union(out, d.SeparateFrom)
		}
	}
	return out
}

// union returns what is in one of two lists, each once.
func union(a, b []string) []string {
	var out []string
	for _, s := range slices.Concat(a, b) {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkChain looks at the link from a promotion to the one before it, among the
// evidence that was given.
func checkChain(v *verdict, s *step) (string, error) {
	before := v.before(s)
	if before != nil {
		if err := s.follows(before); err != nil {
			return "", err
		}
	}
	if !v.demands.Chain {
		if before != nil {
			return "", undemanded("it continues the promotion before it; whether that is the only one was not asked")
		}
		return "", undemanded("the steps before this one were not asked for")
	}
	if err := v.fork(s); err != nil {
		return "", err
	}
	switch previous := s.promotion.Previous; {
	case before != nil:
		return "continues the promotion before it; no fork among the evidence given", nil
	case previous != nil:
		return "", fault.New(fault.PromotionMissing, "the promotion before it was not given: payload %s", previous.PayloadSHA256).
			With("payload", previous.PayloadSHA256).WithHint("give it as well, or the directory that holds all evidence")
	}
	return v.begins(s)
}

// before returns the step before, nil if it is not among the evidence or none is
// named.
func (v *verdict) before(s *step) *step {
	if s.promotion.Previous == nil {
		return nil
	}
	for _, o := range v.steps {
		if o.payload() == s.promotion.Previous.PayloadSHA256 {
			return o
		}
	}
	return nil
}

// follows checks that the step goes on where the one before it ended, and not earlier.
func (s *step) follows(before *step) error {
	if before.promotion == nil {
		return fault.New(fault.PromotionBroken, "what it names as the promotion before it is none: %s", before.group[0].place())
	}
	if err := continues(before.promotion, s.promotion); err != nil {
		return err
	}
	was, is := provenTime(before.result), provenTime(s.result)
	if !was.IsZero() && !is.IsZero() && was.After(is.Add(verify.MaxClockSkew)) {
		return fault.New(fault.PromotionBroken, "it was signed at %s, before the promotion that it continues, which was at %s",
			is.Format(time.RFC3339), was.Format(time.RFC3339))
	}
	return nil
}

// provenTime is the earliest proven time of a signature that counts; zero if none is.
func provenTime(r *verify.Result) time.Time {
	var earliest time.Time
	for i := range r.Signers {
		if s := &r.Signers[i]; s.Counted && s.Time != nil && s.Time.Proven && (earliest.IsZero() || s.Time.At.Before(earliest)) {
			earliest = s.Time.At
		}
	}
	return earliest
}

// fork looks for a promotion of the image, signed by somebody who is trusted, that
// takes the same step as s from the same one. Steps to different environments are none:
// an image may go to several.
func (v *verdict) fork(s *step) error {
	for _, o := range v.others {
		if sameImage(o.promotion, s.promotion) && sameStep(o.promotion, s.promotion) && mayFollowOne(o, s) {
			return fault.New(fault.PromotionForked, "%s takes the same step from %s", o.group[0].place(), stepWords(s.promotion)).
				With("payload", o.payload()).WithHint("ask who promoted which of them counts")
		}
	}
	return nil
}

func sameStep(a, b *predicate.Promotion) bool {
	return a.Promotion.From == b.Promotion.From && a.Promotion.To == b.Promotion.To
}

// mayFollowOne reports whether two steps go on from the same one, as far as they say: a
// step that names none before it cannot show that it came another way.
func mayFollowOne(a, b *step) bool {
	one, other := previousOf(a), previousOf(b)
	return one == other || one == "" || other == ""
}

func sameImage(a, b *predicate.Promotion) bool {
	_, x := a.Image()
	_, y := b.Image()
	return x == y
}

func previousOf(s *step) string {
	if s.promotion.Previous == nil {
		return ""
	}
	return s.promotion.Previous.PayloadSHA256
}

// begins judges the first step of a chain. It names none before it: then no other
// promotion may have brought the image to where it begins.
func (v *verdict) begins(s *step) (string, error) {
	from := s.promotion.Promotion.From
	for _, o := range v.others {
		if sameImage(o.promotion, s.promotion) && o.promotion.Promotion.To == from {
			return "", fault.New(fault.PromotionMissing, "%s promoted the image to %q, and the promotion from there does not name it", o.group[0].place(), from)
		}
	}
	for _, origin := range v.demands.origins {
		if from != origin {
			return "", fault.New(fault.PromotionMissing, "the chain begins in %q, and %q was demanded", from, origin).
				WithHint("ask who promoted from %q for the steps before", from)
		}
	}
	return fmt.Sprintf("begins in %q; no fork among the evidence given", from), nil
}
