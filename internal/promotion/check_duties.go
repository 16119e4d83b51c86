package promotion

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
)

// checkDuties keeps those apart who promoted and who signed the evidence.
func checkDuties(v *verdict, s *step) (string, error) {
	roles := union(v.demands.SeparateFrom, s.separateFrom())
	if len(roles) == 0 {
		return "", undemanded("who promoted may also have signed the evidence")
	}
	var failure error
	for _, role := range roles {
		failure = worse(failure, v.keepsApart(s, role))
	}
	if failure != nil {
		return "", failure
	}
	return fmt.Sprintf("%s did not sign the %s", quoted(signers(s.result)), strings.Join(roles, " or the ")), nil
}

// keepsApart compares who promoted with who signed each material of a role. There must be
// one: where nobody is known to have signed, nobody was kept apart.
func (v *verdict) keepsApart(s *step, role string) error {
	var failure error
	found := false
	for i := range s.promotion.Materials {
		if m := &s.promotion.Materials[i]; m.Role == role {
			failure, found = worse(failure, v.keepsApartFrom(s, m)), true
		}
	}
	if !found {
		return fault.New(fault.PromotionEvidence, "the promotion rests on no %s, so nobody was kept apart from who promoted", role).
			WithHint("have it promoted with --%s as well", role)
	}
	return failure
}

func (v *verdict) keepsApartFrom(s *step, m *predicate.Material) error {
	if m.Attestation == nil {
		return fault.New(fault.PromotionEvidence, "who signed the %s sha256:%s is not known: nothing attests it", m.Role, m.Digest)
	}
	r := v.results[m.Attestation.PayloadSHA256]
	if r != nil {
		if holder, ok := shared(s.result, r); ok {
			return fault.New(fault.PromotionDuties, "%q promoted the image, and signed its %s as well", holder, m.Role).
				WithHint("have somebody else promote it")
		}
	}
	if r == nil || !r.Verified {
		return fault.New(fault.PromotionEvidence, "who signed the %s is not known: no attestation of it is verified", m.Role).
			With("payload", m.Attestation.PayloadSHA256)
	}
	return nil
}
