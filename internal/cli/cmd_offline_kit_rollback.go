package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

func newOfflineKitRollbackCommand(a *app) *cobra.Command {
	var opts offlineKitRollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback --reason TEXT",
		Short: "make the kit before the active one again",
		Long: `Make the kit that was active before the active one of its channel again, in one
step. It is read once more: every file must be what the manifest says, and the
statement signed by whom the trust says today. The reason stays in the history.

Only the kit moves, never the trust: what was revoked stays revoked. The kit
that was active is kept, so that a second rollback returns to it. What is
imported next must be newer than both.`,
		Example: `  stella offline-kit rollback --reason "version 2 breaks the scanner"`,
		Args:    wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runOfflineKitRollback(cmd.Context(), s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	opts.trust.AddFlags(cmd.Flags())
	addChannel(cmd.Flags(), &opts.channel)
	cmd.Flags().StringVar(&opts.reason, "reason", "", "why; `TEXT` for the history")
	return cmd
}

type offlineKitRollbackOptions struct {
	trust   kitTrustFlags
	channel string
	reason  string
}

func runOfflineKitRollback(ctx context.Context, s *session, o *offlineKitRollbackOptions) error {
	if err := kitReason("reason", o.reason); err != nil {
		return err
	}
	channel, err := s.kitStore().Choose(o.channel)
	if err != nil {
		return err
	}
	options := store.RollbackOptions{Now: s.Now(), Trust: s.trustHome(), Reason: o.reason, By: s.Caller()}
	if options.TrustName, err = o.trust.bundle(s); err != nil {
		return err
	}
	if options.Judge, err = o.trust.judge(s); err != nil {
		return err
	}
	done, err := s.kitStore().Rollback(ctx, channel, options)
	if err != nil {
		return err
	}
	return s.ui.Show(&kitRollbackResult{Channel: done.Channel, Kit: done.Kit, Path: done.Path, Before: done.Before.Version, Reason: o.reason})
}
