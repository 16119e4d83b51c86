package cli

import (
	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignStatementCommand(a *app) *cobra.Command {
	var opts batchFlags
	payload := newChoice("in-toto", "in-toto", "replay")
	cmd := &cobra.Command{
		Use:   "statement FILE|-",
		Short: "sign a ready in-toto statement, or a predicate of any type",
		Long: `Sign an in-toto statement as it is, or make one: with --type the file is the
predicate, and --subject says what it is about.

With --batch FILE holds JSON lines of statements, or is a folder of files *.json
with one statement each. The evidence goes into one file, line by line in the
order of the statements, which is there when all are signed or not at all; or
with --output-dir into a file for each, named after the statement's file or
line. There an error leaves the files that were written before it.`,
		Example: `  stella sign statement statement.json --key ci.key -o statement.sigstore.json
  stella sign statement predicate.json --type https://example.com/predicate/v1 --subject app.tar.gz --key ci.key -o app.sigstore.json
  stella sign statement --batch statements.jsonl --key ci.key -o statements.intoto.jsonl
  stella sign statement --batch statements --key ci.key --output-dir evidence`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			if err := opts.check(s, args[0]); err != nil {
				return err
			}
			if opts.batch && payload.value == "replay" {
				return fault.New(fault.UsageInvalid, "a batch is of statements, and --payload-type replay signs none")
			}
			if opts.batch {
				return runSignBatch(cmd.Context(), s, &opts, args[0])
			}
			return signDocument(cmd.Context(), s, &opts.documentFlags, args[0], func(f *input.File, o predicate.Options) (*predicate.Draft, error) {
				o.BareReplay = payload.value == "replay"
				return predicate.Statement(f, o)
			})
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	fs := cmd.Flags()
	opts.sign.AddFlags(fs)
	opts.statement.AddFlags(fs)
	fs.Var(payload, "payload-type", "sign a statement, or with --type replay the bare manifest, as the original does: `in-toto|replay`")
	fs.BoolVar(&opts.batch, "batch", false, "sign many ready statements: JSON lines, or the files of a folder")
	fs.StringVar(&opts.outputDir, "output-dir", "", "write the evidence of a batch into `DIR`, one file for each statement")
	return cmd
}
