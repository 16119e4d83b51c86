package cli

import (
	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/predicate"
)

func newSignStatementCommand(a *app) *cobra.Command {
	var opts documentFlags
	cmd := &cobra.Command{
		Use:   "statement FILE|-",
		Short: "sign a ready in-toto statement, or a predicate of any type",
		Long: `Sign an in-toto statement as it is, or make one: with --type the file is the
predicate, and --subject says what it is about.`,
		Example: `  stella sign statement statement.json --key ci.key -o statement.sigstore.json
  stella sign statement predicate.json --type https://example.com/predicate/v1 --subject app.tar.gz --key ci.key -o app.sigstore.json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return signDocument(cmd.Context(), s, &opts, args[0], predicate.Statement)
		},
	}
	opts.sign.AddFlags(cmd.Flags())
	opts.statement.AddFlags(cmd.Flags())
	return cmd
}
