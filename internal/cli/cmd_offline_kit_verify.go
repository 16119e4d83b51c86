package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/version"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/verify"
)

func newOfflineKitVerifyCommand(a *app) *cobra.Command {
	var opts kitVerifyOptions
	cmd := &cobra.Command{
		Use:   "verify KIT|-",
		Short: "check an offline kit, and what is missing in it",
		Long: `Check a kit before it leaves and after it arrives, in one pass: who signed its
statement, every file against its manifest, and its trust as an import would.
KIT is an archive, the directory that it was unpacked to, or "-" for an archive
on standard input, as from cat kit.part-*.

Whose signature counts is said as for stella verify: by --key or --trust, or by
the active trust bundle. Nothing is read after a signature that does not count.

Each piece of evidence in the kit is judged with the trust in the kit, and what
is missing for it is listed with the file and what to add: a key or authority, a
CRL, what the evidence is about, a part of an image. That is no failure, unless
--complete makes it one.`,
		Example: `  stella offline-kit verify kit.tar.zst --key ci.key.pub
  cat kit.tar.zst | stella offline-kit verify - --key ci.key.pub --format json
  stella offline-kit verify kit.tar.zst
  stella offline-kit verify kit.tar.zst --key team.key.pub  # exit 3`,
		Args: wantArgs("KIT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runKitVerify(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type kitVerifyOptions struct {
	trust         trustFlags
	proofs        proofFlags
	threshold     int
	at            string
	complete      bool
	allowUnsigned bool
	demanding     *pflag.FlagSet // what says whose signature counts, and how many
}

// AddFlags registers the flags.
func (o *kitVerifyOptions) AddFlags(fs *pflag.FlagSet) {
	o.demanding = pflag.NewFlagSet("", pflag.ContinueOnError)
	o.trust.addKeys(o.demanding)
	o.trust.AddFlags(o.demanding)
	o.proofs.AddFlags(o.demanding)
	o.demanding.IntVar(&o.threshold, "threshold", 1, "demand signatures by `N` distinct holders")
	fs.AddFlagSet(o.demanding)
	fs.StringVar(&o.at, "at", "", "judge keys and trust at `TIME` (RFC 3339) instead of now")
	fs.BoolVar(&o.complete, "complete", false, "fail if anything is missing for the evidence in the kit to be verified with it")
	fs.BoolVar(&o.allowUnsigned, "allow-unsigned", false, "DANGER: check the files alone, whoever made the kit")
}

func runKitVerify(ctx context.Context, s *session, o *kitVerifyOptions, name string) error {
	options, err := o.demands(ctx, s)
	if err != nil {
		return err
	}
	source, err := offlinekit.Open(name, s.Stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	verdict, err := offlinekit.Check(ctx, source, options)
	if verdict == nil {
		return err
	}
	if verdict.Statement != nil {
		verdict.Statement.Time.Source = timeSource(o.at)
		verdict.Statement.Profile.Standing = standing(verdict.Statement.Profile.Name, version.Module())
	}
	if err := s.ui.Show(&kitVerdictResult{verdict, fault.HintOf(err)}); err != nil {
		return err
	}
	return settled(verdict.Exit)
}

// demands are what is demanded of the kit.
func (o *kitVerifyOptions) demands(ctx context.Context, s *session) (options offlinekit.CheckOptions, err error) {
	options = offlinekit.CheckOptions{Now: s.Now(), CheckPolicy: checkPolicy, Complete: o.complete}
	if err := checkThreshold(o.threshold); err != nil {
		return options, err
	}
	if o.at != "" {
		if options.Now, err = parseInstant("at", o.at); err != nil {
			return options, err
		}
	}
	if o.allowUnsigned {
		return options, o.undemanding()
	}
	p := &verify.Policy{Threshold: o.threshold, At: options.Now, Spellings: predicate.Spellings, Profile: s.config.Profile}
	o.trust.bundle = bundleUse{rules: true}
	if err := o.proofs.apply(p); err != nil {
		return options, err
	}
	options.Policy = p
	return options, o.trust.apply(ctx, s, p)
}

// undemanding refuses what would be demanded of signatures that nobody verifies.
func (o *kitVerifyOptions) undemanding() (err error) {
	o.demanding.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			err = fault.New(fault.UsageInvalid, "--allow-unsigned verifies nobody's signature, and --%s is about them", f.Name).
				WithHint("leave one of the two out")
		}
	})
	return err
}
