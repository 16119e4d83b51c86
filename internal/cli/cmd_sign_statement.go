package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignStatementCommand(a *app) *cobra.Command {
	var opts signStatementOptions
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
			return runSignStatement(cmd.Context(), s, &opts, args[0])
		},
	}
	opts.sign.AddFlags(cmd.Flags())
	opts.statement.AddFlags(cmd.Flags())
	return cmd
}

type signStatementOptions struct {
	sign      signFlags
	statement statementFlags
}

func runSignStatement(ctx context.Context, s *session, o *signStatementOptions, name string) error {
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
	draft, err := predicate.Statement(f, options)
	if err != nil {
		return err
	}
	return signDraft(ctx, s, &o.sign, draft, o.statement.files(name)...)
}
