package promotion

import (
	"fmt"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

// isAbout reports whether evidence is about the image of a promotion: its statement or
// the document itself names the image; VEX and reports may also be about an SBOM on
// which the promotion rests. The envelope is nil for a document that nothing attests.
//
// An SBOM that says by digest what it describes, and not the image, is another's,
// whatever its signer named it for: unless the statement names what it describes as well,
// as it does for the one platform of an image for several that was scanned.
func isAbout(p *predicate.Promotion, role string, e *envelope, d *document) (bool, error) {
	image := p.Subject[0].Digest["sha256"]
	named := e != nil && e.names(image)
	if named && role != predicate.RoleSBOM {
		return true, nil
	}
	claims, err := d.claims()
	switch {
	case err != nil:
		return false, err
	case slices.Contains(claims, image):
		return true, nil
	case named:
		return len(claims) == 0 || slices.ContainsFunc(claims, e.names), nil
	}
	return e != nil && role != predicate.RoleSBOM && slices.ContainsFunc(p.Materials, func(m predicate.Material) bool {
		return m.Role == predicate.RoleSBOM && e.names(m.Digest)
	}), nil
}

// aboutAnother says what evidence is about instead.
func aboutAnother(role string, d *document, in *Input, e *envelope) error {
	image := in.Image
	others, err := d.claims()
	if err != nil {
		return err
	}
	if e != nil && role == predicate.RoleSBOM && e.names(image.Digest["sha256"]) {
		return describesAnother(e, d, in.Platforms)
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

// describesAnother says that an SBOM itself describes something else than its statement
// names.
func describesAnother(e *envelope, d *document, platforms []string) error {
	claims, err := d.claims()
	if err != nil {
		return err
	}
	const both = "stella sign sbom FILE --subject NAME@sha256:<hex> --subject-from-document"
	for _, c := range claims {
		if slices.Contains(platforms, "sha256:"+c) {
			return fault.New(fault.PromotionImage, "the sbom in %s is signed about the image, and describes one platform of it, sha256:%s", e.place(), c).
				WithHint("sign it about both: %s", both)
		}
	}
	return fault.New(fault.PromotionImage, "the sbom in %s is signed about the image, and says itself that it describes sha256:%s", e.place(), claims[0]).
		WithHint("make an SBOM of the image; if it describes one platform of it, sign it about both: %s", both)
}

func signVerb(role string) string {
	if role == predicate.RoleSBOM {
		return "sbom"
	}
	return "report"
}
