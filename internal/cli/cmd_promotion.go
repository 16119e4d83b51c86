package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

func newPromotionCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "promotion",
		Short: "sign and verify that an image was promoted, and on what evidence",
		Long: `Sign that an image went from one environment to the next, and on what evidence:
its SBOM, VEX documents and reports, each with its attestation. Verify that, and
everything that it names, back to the first step.`,
	}, newPromotionAttestCommand(a), newPromotionVerifyCommand(a))
}

// imageOf returns the image that --image names: NAME@sha256:<hex>, or the one in an
// OCI image layout. A tag is nothing that can be promoted: it may be moved.
func imageOf(s *session, text string, closers *closeList) (intoto.Subject, error) {
	subject, isDigest, err := predicate.ParseDigest(text)
	if err != nil {
		return subject, err
	}
	if isDigest && subject.Digest["sha256"] == "" {
		return subject, fault.New(fault.PromotionDigest, "image %q is not named by its SHA-256", text).WithHint("name it as NAME@sha256:<hex>")
	}
	if isDigest {
		return subject, nil
	}
	if !oci.IsLayout(text) && !oci.IsArchive(text) {
		if exists(text) {
			return subject, fault.New(fault.PromotionDigest, "%s is no OCI image layout: that is a directory with a file oci-layout, or a tar archive of one", input.Display(text)).
				WithHint("name the image by its digest: NAME@sha256:<hex>")
		}
		return subject, fault.New(fault.PromotionDigest, "image %q has no digest, and is no image layout on disk", text).
			WithHint("name it as %s@sha256:<hex>: a tag can be moved to another image", strings.TrimPrefix(text, "oci:"))
	}
	return layoutImage(s, text, closers)
}

// layoutImage returns the image in a layout, which is a directory or a tar archive.
func layoutImage(s *session, path string, closers *closeList) (intoto.Subject, error) {
	_, layout, err := openEvidence(s, path, closers)
	if err != nil {
		return intoto.Subject{}, err
	}
	if layout == nil {
		return intoto.Subject{}, fault.New(fault.PromotionDigest, "%q is an archive, and holds no image layout", path).
			WithHint("name the image by its digest: NAME@sha256:<hex>")
	}
	name, digest, err := layout.Image()
	if err != nil {
		return intoto.Subject{}, err
	}
	if name == "" {
		name = filepath.Base(filepath.Clean(path))
	}
	return intoto.Subject{Name: name, Digest: map[string]string{"sha256": strings.TrimPrefix(digest, "sha256:")}}, nil
}
