package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignSBOMCommand(a *app) *cobra.Command {
	var opts signSBOMOptions
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
			return runSignSBOM(cmd.Context(), s, &opts, args[0])
		},
	}
	opts.sign.AddFlags(cmd.Flags())
	opts.statement.AddFlags(cmd.Flags())
	opts.statement.addDocumentFlags(cmd.Flags())
	return cmd
}

type signSBOMOptions struct {
	sign      signFlags
	statement statementFlags
}

func runSignSBOM(ctx context.Context, s *session, o *signSBOMOptions, name string) error {
	if err := stdinOnce(o.statement.files(name)...); err != nil {
		return err
	}
	if err := o.sign.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxSize)
	if err != nil {
		return err
	}
	defer f.Close()
	options, err := o.statement.options(s)
	if err != nil {
		return err
	}
	draft, err := predicate.SBOM(f, options)
	if err != nil {
		return err
	}
	return signDraft(ctx, s, &o.sign, draft, o.statement.files(name)...)
}
