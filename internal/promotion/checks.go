package promotion

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/verify"
)

// undemanded is the finding of a check that nobody asked for; it says what therefore
// is not established.
type undemanded string

func (u undemanded) Error() string { return string(u) }

// check is one thing that is looked at in a promotion. It returns what it found.
type check struct {
	name string
	run  func(v *verdict, s *step) (string, error)
	// first says that it is about the promotion that was asked for, not about those
	// before it.
	first bool
}

// checks is the ordered list.
func checks() []check {
	return []check{
		{name: "step", run: checkStep, first: true},
		{name: "image", run: checkImage, first: true},
		{name: "actor", run: checkActor},
		{name: "documents", run: checkDocuments, first: true},
		{name: "materials", run: checkMaterials},
		{name: "receipt", run: checkReceipt},
		{name: "duties", run: checkDuties},
		{name: "chain", run: checkChain},
	}
}

// judge adds the checks of a promotion to its result. If its signature or statement
// failed, or the predicate is none, nothing of it is looked at.
func (v *verdict) judge(s *step, index int) {
	r := s.result
	unread := r.Claims == nil || slices.ContainsFunc(r.Checks, func(c verify.Check) bool {
		return c.Name == "statement" && c.Status != verify.Passed
	})
	if !unread {
		own := verify.Check{Name: "promotion", Status: verify.Passed}
		if err := cmp.Or(s.broken, s.contradiction()); err != nil {
			own, unread = verify.FailedCheck("promotion", err), true
		} else {
			own.Message = stepWords(s.promotion)
		}
		r.Checks = append(r.Checks, own)
	}
	for _, c := range checks() {
		switch {
		case c.first && index > 0:
		case unread:
			r.Checks = append(r.Checks, verify.Check{Name: c.name, Status: verify.NotRun, Message: "an earlier check failed"})
		default:
			r.Checks = append(r.Checks, v.check(c, s))
		}
	}
}

func (v *verdict) check(c check, s *step) verify.Check {
	found, err := c.run(v, s)
	if u, ok := errors.AsType[undemanded](err); ok {
		return verify.Check{Name: c.name, Status: verify.NotDemanded, Message: string(u)}
	}
	if err != nil {
		return verify.FailedCheck(c.name, err)
	}
	return verify.Check{Name: c.name, Status: verify.Passed, Message: found}
}

// contradiction finds what a promotion says twice, and not the same: its head repeats
// attestation and receipt of the SBOM.
func (s *step) contradiction() error {
	if s.broken != nil {
		return nil
	}
	p, sbom := s.promotion, s.promotion.Material(predicate.RoleSBOM)
	switch {
	case sbom == nil || sbom.Attestation == nil: // of the original's form, or without one
		return nil
	case p.Attestation != nil && p.Attestation.BundleSHA256 != sbom.Attestation.BundleSHA256,
		p.Attestation != nil && p.Attestation.PayloadSHA256 != "" && p.Attestation.PayloadSHA256 != sbom.Attestation.PayloadSHA256:
		return fault.New(fault.PromotionMaterial, "the promotion names one attestation of the SBOM in its head, and another in its materials")
	case p.Rekor != nil && !reflect.DeepEqual(p.Rekor, sbom.Rekor):
		return fault.New(fault.PromotionMaterial, "the promotion has one log receipt of the SBOM in its head, and another in its materials")
	}
	return nil
}

func checkStep(v *verdict, s *step) (string, error) {
	p, d := s.promotion.Promotion, v.demands
	switch {
	case d.From == "" && d.To == "":
		return "", undemanded("any step")
	case d.From != "" && d.From != p.From, d.To != "" && d.To != p.To:
		return "", fault.New(fault.PromotionStep, "it is from %s, and %s was demanded", stepWords(s.promotion), demandedStep(d))
	}
	return stepWords(s.promotion), nil
}

func demandedStep(d Demands) string {
	var words []string
	if d.From != "" {
		words = append(words, fmt.Sprintf("from %q", d.From))
	}
	if d.To != "" {
		words = append(words, fmt.Sprintf("to %q", d.To))
	}
	return strings.Join(words, " ")
}

func checkImage(v *verdict, s *step) (string, error) {
	_, digest := s.promotion.Image()
	switch v.demands.Image {
	case "":
		return "", undemanded("not compared with any image")
	case digest:
		for i := range s.result.Claims.Subjects {
			s.result.Claims.Subjects[i].Matched = true // it has one, which is the image
		}
		return digest, nil
	}
	return "", fault.New(fault.PromotionImage, "the promoted image is %s, and %s was demanded", digest, v.demands.Image)
}

// checkActor binds the one who is named to those who signed.
func checkActor(_ *verdict, s *step) (string, error) {
	actor := s.promotion.Promotion.Actor
	for i := range s.result.Signers {
		if isActor(s.result, i, actor) {
			return fmt.Sprintf("%q signed", actor), nil
		}
	}
	return "", fault.New(fault.PromotionActor, "%q is named as promoter, and did not sign: that did %s", actor, quoted(signers(s.result))).
		WithHint("have the promotion signed by who is named, or name the holder of the key: --actor")
}

func quoted(list []string) string {
	if len(list) == 0 {
		return "nobody who counts"
	}
	var out []string
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}

// checkDocuments compares local files with what was promoted.
func checkDocuments(v *verdict, s *step) (string, error) {
	if len(v.demands.Documents) == 0 {
		return "", undemanded("not compared with any document")
	}
	for _, d := range v.demands.Documents {
		if !slices.ContainsFunc(s.promotion.Materials, func(m predicate.Material) bool { return v.isMaterial(s, &d, &m) }) {
			return "", fault.New(fault.PromotionMaterial, "the %s %q, sha256:%s, is none that was promoted", d.Role, d.Name, d.SHA256)
		}
	}
	return fmt.Sprintf("%d of %d promoted", len(v.demands.Documents), len(v.demands.Documents)), nil
}

// isMaterial reports whether a file is a material: it has the digest, or is what the
// material's attestation, which is verified, attests.
func (v *verdict) isMaterial(s *step, d *Document, m *predicate.Material) bool {
	if d.Role != m.Role || d.SHA256 == m.Digest || d.Canonical == m.Digest {
		return d.Role == m.Role
	}
	if m.Attestation == nil {
		return false
	}
	r := v.results[m.Attestation.PayloadSHA256]
	if r == nil || !r.Verified {
		return false
	}
	e := v.evidence.withPayload(m.Attestation.PayloadSHA256)[0]
	own, err := e.attested(m.Role)
	if err != nil {
		return false
	}
	is, err := e.isDocument(d.SHA256, s.promotion.Subject[0].Digest["sha256"], own)
	if err == nil && !is {
		is, err = own.embeds(d.Canonical)
	}
	return err == nil && is
}
