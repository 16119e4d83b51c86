package cli

import (
	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignSBOMCommand(a *app) *cobra.Command {
	var opts documentFlags
	cmd := &cobra.Command{
		Use:   "sbom FILE|-",
		Short: "sign an SBOM (CycloneDX, SPDX, Syft)",
		Long: `Sign an SBOM as an in-toto statement.

A JSON document becomes the statement's predicate, in the canonical form of
RFC 8785, or byte for byte with --preserve. What is not JSON, and anything with
--reference, is attested by its digest. The document itself is always the first
subject; --subject adds the artifact that it describes.`,
		Example: `  stella sign sbom sbom.cdx.json --key ci.key -o sbom.sigstore.json
  stella sign sbom sbom.cdx.json --key ci.key --subject app.tar.gz -o app.sigstore.json
  stella sign sbom sbom.spdx --key ci.key --reference -o sbom.spdx.sigstore.json
  stella sign sbom sbom.cdx.json --key ci.key --key team.key -o sbom.dsse.json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return signDocument(cmd.Context(), s, &opts, args[0], predicate.SBOM)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.sign.AddFlags(cmd.Flags())
	opts.statement.AddFlags(cmd.Flags())
	opts.statement.addDocumentFlags(cmd.Flags())
	return cmd
}
