package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishRotateRootCommand(a *app) *cobra.Command {
	var opts trustPublishRotateRootOptions
	cmd := &cobra.Command{
		Use:   "rotate-root DIR",
		Short: "change the keys of a role, or renew the root",
		Long: `Stage the next root of the trust in DIR: with other keys or another threshold of
a role, or with none of that to let it expire later. It must be signed by as
many keys of the root before it as that demands, and by as many of its own.

A key that was stolen is taken away here. What it signed is staged once more, to
be signed by the keys that are left.`,
		Example: `  stella trust publish rotate-root acme --add release.key.pub
  stella trust publish rotate-root acme --for timestamp --add ci.key.pub --remove team.key
  stella trust publish rotate-root acme`,
		Args: wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishRotateRoot(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishRotateRootOptions struct {
	role        string
	add, remove []string
	threshold   int
	expires     string
	secrets     secretFlags
}

// AddFlags registers the flags.
func (o *trustPublishRotateRootOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.role, "for", "root", "change the keys of `ROLE`: root, targets, snapshot or timestamp")
	fs.StringArrayVar(&o.add, "add", nil, "add `KEY` to the role; repeatable")
	fs.StringArrayVar(&o.remove, "remove", nil, "take `KEY` from the role, by its name or TUF key id; repeatable")
	fs.IntVar(&o.threshold, "threshold", 0, "`N` keys of the role must sign; the default is what it was")
	fs.StringVar(&o.expires, flagRootExpires, "", "the root is good for `SPAN`; the default is what it was")
	o.secrets.AddFlags(fs)
	addKeyring(fs)
}

func runTrustPublishRotateRoot(ctx context.Context, s *session, o *trustPublishRotateRootOptions, dir string) error {
	if o.threshold < 0 {
		return fault.New(fault.UsageInvalid, "--threshold must be at least 1")
	}
	r := trust.Rotation{Role: o.role, Remove: o.remove, Threshold: o.threshold, Now: s.Now()}
	var err error
	if o.expires != "" {
		if r.Validity, err = parseLimit(flagRootExpires, o.expires); err != nil {
			return err
		}
	}
	if r.Add, err = roleKeys(ctx, s, &o.secrets, o.add); err != nil {
		return err
	}
	progress, err := trust.NewPublisher(dir).RotateRoot(ctx, r)
	if err != nil {
		return err
	}
	return s.ui.Show(&publishResult{progress, "staged: the next root"})
}
