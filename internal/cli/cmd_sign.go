package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "sign",
		Short: "sign an SBOM, a report, a statement, bytes or a directory",
		Long: `Sign evidence with a key, without a network. What is written is a Sigstore
bundle that stock cosign verifies, or a bare DSSE envelope where several keys
sign.`,
	},
		newSignSBOMCommand(a),
		newSignReportCommand(a),
		newSignStatementCommand(a),
		newSignBlobCommand(a),
		newSignExportCommand(a),
	)
}

// documentFlags are the flags of the verbs that make a statement of a document.
type documentFlags struct {
	sign      signFlags
	statement statementFlags
}

// signDocument opens the document called name, makes a statement of it with
// draft, signs and writes it.
func signDocument(ctx context.Context, s *session, o *documentFlags, name string, draft func(*input.File, predicate.Options) (*predicate.Draft, error)) error {
	if err := stdinOnce(o.statement.files(name)...); err != nil {
		return err
	}
	if err := o.sign.check(s, name); err != nil {
		return err
	}
	f, err := input.Open(name, s.Stdin, input.MaxDocument)
	if err != nil {
		return err
	}
	defer f.Close()
	options, err := o.statement.options(s)
	if err != nil {
		return err
	}
	d, err := draft(f, options)
	if err != nil {
		return err
	}
	return signDraft(ctx, s, &o.sign, d, o.statement.files(name)...)
}

// signDraft signs a statement that is ready, writes it and says so. inputs are
// the files that it was made from.
func signDraft(ctx context.Context, s *session, f *signFlags, d *predicate.Draft, inputs ...string) error {
	sealed, err := sealDraft(ctx, s, f, d, inputs...)
	if err != nil {
		return err
	}
	return f.output.show(s, newStatementResult(d, sealed))
}

// sealDraft is signDraft without saying what was done.
func sealDraft(ctx context.Context, s *session, f *signFlags, d *predicate.Draft, inputs ...string) (*sealedResult, error) {
	if f.form() == envelopeBundle {
		if err := predicate.CheckBundleSubjects(len(d.Subjects)); err != nil {
			return nil, err
		}
	}
	for _, note := range d.Notes {
		s.ui.Say("%s", note)
	}
	for _, subject := range d.Claimed {
		s.ui.Say("subject from the document: %s  %s", subject.Name, predicate.MainDigest(subject.Digest))
	}
	return f.seal(ctx, s, d, inputs...)
}
