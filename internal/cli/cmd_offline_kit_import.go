package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

// The flags by which a kit becomes active that is not newer.
const (
	flagForceActivate = "force-activate"
	flagForceReason   = "force-reason"
)

func newOfflineKitImportCommand(a *app) *cobra.Command {
	var opts offlineKitImportOptions
	cmd := &cobra.Command{
		Use:   "import KIT|DIR|-",
		Short: "verify a kit and make it the active one",
		Long: `Read a kit once, from an archive, a directory or standard input, and make it the
active one of its channel, in one step. Before that everything is verified,
without a network: its version, which must be higher than all before; its trust,
which is imported into the trust bundle as stella trust import does; its
statement, by the trust that results; and every file, by the manifest.

Whatever goes wrong, the kit that was active stays active. Trust that is newer
is kept even so. A kit that fails goes into quarantine as it came, with a
report; what comes through a pipe, and a kit of another channel, an older
version or a newer format, leaves only the report. A kit never begins a trust
bundle: stella trust init does.

The kit before is kept, and stella offline-kit rollback goes back to it. A kit
that is not newer is imported only with --force-activate and a reason, which
stays in the history.`,
		Example: `  stella offline-kit import kit.tar.zst --dry-run
  stella offline-kit import kit.tar.zst --channel stable
  cat kit.tar.zst | stella offline-kit import -`,
		Args: wantArgs("KIT|DIR|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runOfflineKitImport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	cmd.MarkFlagsRequiredTogether(flagForceActivate, flagForceReason)
	return cmd
}

type offlineKitImportOptions struct {
	trust   kitTrustFlags
	channel string
	dryRun  bool
	force   bool
	reason  string
}

// AddFlags registers the flags.
func (o *offlineKitImportOptions) AddFlags(fs *pflag.FlagSet) {
	o.trust.AddFlags(fs)
	fs.StringVar(&o.channel, "channel", "", "refuse a kit of another channel than `NAME`")
	fs.BoolVar(&o.dryRun, "dry-run", false, "verify everything and change nothing")
	fs.BoolVar(&o.force, flagForceActivate, false, "DANGER: activate a kit that is not newer than all before, or unpack the active one anew")
	fs.StringVar(&o.reason, flagForceReason, "", "why; `TEXT` for the history")
}

// forced returns the reason to activate a kit that is not newer, "" for none.
func (o *offlineKitImportOptions) forced() (string, error) {
	if !o.force {
		if o.reason != "" {
			return "", fault.New(fault.UsageInvalid, "--%s is about --%s, which was not given", flagForceReason, flagForceActivate)
		}
		return "", nil
	}
	return o.reason, kitReason(flagForceReason, o.reason)
}

func runOfflineKitImport(ctx context.Context, s *session, o *offlineKitImportOptions, from string) error {
	options := store.ImportOptions{
		Now: s.Now(), Trust: s.trustHome(), CheckPolicy: checkPolicy, Channel: o.channel, By: s.Caller(), DryRun: o.dryRun,
	}
	var err error
	if options.ForceReason, err = o.forced(); err != nil {
		return err
	}
	if options.TrustName, err = o.trust.bundle(s); err != nil {
		return err
	}
	if options.Judge, err = o.trust.judge(s); err != nil {
		return err
	}
	source, err := offlinekit.Open(from, s.Stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	done, err := s.kitStore().Import(ctx, source, options)
	s.sayTrust(from, done)
	if err != nil {
		s.sayQuarantine(done)
		return err
	}
	return s.ui.Show(newKitImportResult(from, done))
}

// sayTrust says what a kit did to the trust, which stays whatever becomes of the kit.
func (s *session) sayTrust(from string, done *store.Imported) {
	if done.TrustKept != nil {
		s.ui.Warn("trust %q stays as it was, since that of %s is older: %s", done.TrustName, input.Display(from), done.TrustKept)
	}
	if done.Trust == nil {
		return
	}
	for _, r := range done.Trust.Held {
		s.ui.Warn("%s calls key %s revoked later than before, or not at all: it stays revoked since %s", input.Display(from), r.KeyID, moment(r.RevokedAt))
	}
	for _, c := range done.Trust.Changes {
		if !done.DryRun {
			s.ui.Say("trust %q: %s is at version %d, was %d", done.TrustName, c.Role, c.To, c.From)
		}
	}
}

// sayQuarantine says where a kit that failed is kept.
func (s *session) sayQuarantine(done *store.Imported) {
	switch r := done.Quarantined; {
	case done.QuarantineFailed != nil:
		s.ui.Warn("nothing of the kit is kept in quarantine: %s", done.QuarantineFailed)
	case r != nil && r.Kept == nil:
		s.ui.Say("the report is in quarantine, in %q, without the kit: %s", r.Path, r.NotKept)
	case r != nil:
		s.ui.Say("the kit is in quarantine, in %q", r.Path)
	}
}
