package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustImportCommand(a *app) *cobra.Command {
	var opts trustImportOptions
	cmd := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "import newer trust from a medium",
		Long: `Import what a publisher exported, from a directory or a tar archive, without a
network. Every step of the TUF client workflow is taken: each new root must be
signed by the one before it, nothing may be older than what was imported before,
nothing may have expired, and all files must belong together.

The new trust takes the place of the old one in one step, or the old one stays.
Revocations only ever grow: what a bundle would take back stays as it was, and
is said. What was verified before a failure is remembered, so that nothing older
is taken later.`,
		Example: `  stella trust import export
  stella trust import export.tar.gz --dry-run`,
		Args: wantArgs("FILE|DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustImport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.dryRun, "dry-run", false, "verify everything and change nothing")
	return cmd
}

type trustImportOptions struct {
	trustNameFlag
	dryRun bool
}

func runTrustImport(ctx context.Context, s *session, o *trustImportOptions, from string) error {
	name, err := o.existing(s)
	if err != nil {
		return err
	}
	source, err := trust.OpenSource(from)
	if err != nil {
		return err
	}
	defer source.Close()
	done, err := s.trustHome().Import(ctx, name, source, trust.ImportOptions{Now: s.Now(), CheckPolicy: checkPolicy, DryRun: o.dryRun})
	if err != nil {
		return err
	}
	for _, r := range done.Held {
		s.ui.Warn("%s calls key %s revoked later than before, or not at all: it stays revoked since %s", from, r.KeyID, moment(r.RevokedAt))
	}
	for _, name := range done.Unused {
		s.ui.Detail("target %q means nothing to this program", name)
	}
	return s.ui.Show(&trustImportResult{From: from, Changes: done.Changes, Held: done.Held, Unused: done.Unused, DryRun: done.DryRun, Trust: done.Status})
}
