package promotion

import (
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// checkMaterials looks for the attestation of each material: it must have been given,
// be verified, and be about the material and the image. Of several failures one that
// rejects is said before one that misses something.
func checkMaterials(v *verdict, s *step) (string, error) {
	var failure error
	for i := range s.promotion.Materials {
		failure = worse(failure, v.judgeMaterial(s, &s.promotion.Materials[i]))
	}
	if failure != nil {
		return "", failure
	}
	return fmt.Sprintf("%d of %d materials attested", len(s.materials()), len(s.promotion.Materials)), nil
}

// worse returns the one of two failures to be said: the first, unless only the second
// rejects.
func worse(first, second error) error {
	if first == nil || second != nil && rejects(second) && !rejects(first) {
		return second
	}
	return first
}

func rejects(err error) bool { return fault.ReasonOf(err).Exit() == fault.ExitRejected }

func (v *verdict) judgeMaterial(s *step, m *predicate.Material) error {
	if m.Attestation == nil {
		return v.judgeUnattested(m)
	}
	envelopes := v.evidence.withPayload(m.Attestation.PayloadSHA256)
	if len(envelopes) == 0 {
		return fault.New(fault.PromotionEvidence, "the attestation of the %s was not given: payload %s", m.Role, m.Attestation.PayloadSHA256).
			With("payload", m.Attestation.PayloadSHA256).WithHint("give it as well, or the directory that holds all evidence")
	}
	if r := v.results[m.Attestation.PayloadSHA256]; r == nil || !r.Verified {
		return fault.New(fault.PromotionUnverified, "the attestation of the %s in %s is not verified%s", m.Role, envelopes[0].place(), because(r))
	}
	own, err := envelopes[0].attested(m.Role)
	if err != nil {
		return err
	}
	is, err := envelopes[0].isDocument(m.Digest, s.promotion.Subject[0].Digest["sha256"], own)
	if err != nil {
		return err
	}
	if !is {
		return fault.New(fault.PromotionMaterial, "what is named as attestation of the %s sha256:%s is about something else: %s", m.Role, m.Digest, envelopes[0].place())
	}
	about, err := isAbout(s.promotion, m.Role, envelopes[0], own)
	switch {
	case err != nil:
		return err
	case !about && m.Role == predicate.RoleSBOM && envelopes[0].names(s.promotion.Subject[0].Digest["sha256"]):
		return describesAnother(envelopes[0], own, nil)
	case !about:
		return fault.New(fault.PromotionImage, "the attestation of the %s in %s is not about the promoted image", m.Role, envelopes[0].place())
	}
	return nil
}

// because says which check failed first.
func because(r *verify.Result) string {
	if r == nil {
		return ""
	}
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			return ": " + string(c.Reason)
		}
	}
	return ""
}

func (v *verdict) judgeUnattested(m *predicate.Material) error {
	switch {
	case m.Unverified == "":
		return fault.New(fault.PromotionEvidence, "the promotion names no attestation of the %s sha256:%s", m.Role, m.Digest)
	case v.demands.AllowUnverifiedUnsafe:
		return nil
	}
	return fault.New(fault.PromotionUnverified, "the promotion itself says that nothing attests the %s sha256:%s", m.Role, m.Digest)
}
