package promotion

import (
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// isAbout reports whether evidence is about the image of a promotion: its statement or
// the document itself names the image; VEX and reports may also be about an SBOM on
// which the promotion rests. The envelope is nil for a document that nothing attests.
func isAbout(p *predicate.Promotion, role string, e *envelope, d *document) (bool, error) {
	image := p.Subject[0].Digest["sha256"]
	if e != nil && e.names(image) {
		return true, nil
	}
	claims, err := d.claims()
	if err != nil {
		return false, err
	}
	if slices.Contains(claims, image) {
		return true, nil
	}
	return e != nil && role != predicate.RoleSBOM && slices.ContainsFunc(p.Materials, func(m predicate.Material) bool {
		return m.Role == predicate.RoleSBOM && e.names(m.Digest)
	}), nil
}

// aboutAnother says what evidence is about instead.
func aboutAnother(role string, d *document, image intoto.Subject, e *envelope) error {
	others, err := d.claims()
	if err != nil {
		return err
	}
	if e != nil {
		others = append(digests(e.statement.Subjects), others...)
	}
	refusal := fault.New(fault.PromotionImage, "the %s %s is not about the image %s@sha256:%s", role, input.Display(d.name), image.Name, image.Digest["sha256"]).
		WithHint("sign it about the image: stella sign %s FILE --subject %s@sha256:%s", signVerb(role), image.Name, image.Digest["sha256"])
	for i, other := range others {
		refusal = refusal.With(fmt.Sprintf("names%d", i+1), "sha256:"+other)
		if i == 2 {
			break
		}
	}
	return refusal
}

func signVerb(role string) string {
	if role == predicate.RoleSBOM {
		return "sbom"
	}
	return "report"
}
