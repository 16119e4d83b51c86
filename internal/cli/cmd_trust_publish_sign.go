package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishSignCommand(a *app) *cobra.Command {
	var opts trustPublishSignOptions
	cmd := &cobra.Command{
		Use:   "sign DIR [--key REF]",
		Short: "sign what is staged, and publish it with the last signature",
		Long: `Sign what is staged in DIR, in every role that has the key. Once all roles have
the signatures that they need, it is published. Without --key nothing is signed:
what is wanted is listed.

Each signature can be made on another machine: carry DIR there, sign, and carry
it back, or take the signatures out of the copy with --merge.

--renew stages the same once more, to expire later: from time to time, or else
those who imported it cannot use it any more.`,
		Example: `  stella trust publish sign acme --key team.key
  stella trust publish sign acme --renew --key team.key
  stella trust publish sign acme`,
		Args: wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishSign(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishSignOptions struct {
	sign    signFlags
	roles   []string
	merge   string
	renew   bool
	expires string
	fs      *pflag.FlagSet
}

// AddFlags registers the flags.
func (o *trustPublishSignOptions) AddFlags(fs *pflag.FlagSet) {
	o.sign.envelope = newChoice(envelopeDSSE, envelopeDSSE) // any number of keys may sign
	fs.StringArrayVar(&o.sign.keys, "key", nil, "sign with the key that `REF` names; repeatable")
	fs.StringArrayVar(&o.roles, flagRole, nil, "sign this `ROLE` only: root, targets, snapshot or timestamp; repeatable")
	fs.StringVar(&o.merge, "merge", "", "take the signatures out of `DIR`, a copy of this directory")
	fs.BoolVar(&o.renew, "renew", false, "stage the same once more, to expire later")
	fs.StringVar(&o.expires, flagExpires, "", "with --renew: it is good for `SPAN`; the default is what it was")
	o.sign.secrets.AddFlags(fs)
	addKeyring(fs)
	addAuditFlag(fs)
	o.fs = fs
}

func (o *trustPublishSignOptions) check() error {
	for _, role := range o.roles {
		if !trust.IsRole(role) {
			return fault.New(fault.UsageInvalid, "there is no role %q", role).WithHint("the roles are root, targets, snapshot and timestamp")
		}
	}
	if o.expires != "" && !o.renew {
		return fault.New(fault.UsageInvalid, "--%s is about what is staged anew", flagExpires).WithHint("say --renew as well")
	}
	if len(o.sign.keys) == 0 {
		return nil
	}
	return o.sign.checkKeys()
}

func runTrustPublishSign(ctx context.Context, s *session, o *trustPublishSignOptions, dir string) error {
	if err := o.check(); err != nil {
		return err
	}
	publisher := trust.NewPublisher(dir)
	if o.renew {
		var validity time.Duration
		var err error
		if o.expires != "" {
			if validity, err = parseLimit(flagExpires, o.expires); err != nil {
				return err
			}
		}
		if _, err := publisher.Renew(ctx, s.Now(), validity); err != nil {
			return err
		}
	}
	if o.merge != "" {
		if _, err := publisher.Merge(ctx, o.merge); err != nil {
			return err
		}
	}
	if len(o.sign.keys) == 0 {
		progress, err := publisher.Progress()
		if err != nil {
			return err
		}
		return s.ui.Show(&publishResult{Progress: progress})
	}
	return o.run(ctx, s, publisher)
}

func (o *trustPublishSignOptions) run(ctx context.Context, s *session, publisher *trust.Publisher) error {
	digests, err := publisher.StagedDigests()
	if err != nil {
		return err
	}
	signers, err := o.sign.openSigners(ctx, s, audit.Use{Content: audit.Content{Subjects: digests, SubjectCount: len(digests)}})
	if err != nil {
		return err
	}
	progress, err := publisher.Sign(ctx, signers, o.roles)
	if err != nil {
		return err
	}
	if err := s.trail.checkpoint(); err != nil {
		return err
	}
	what := "signed"
	if progress.Complete() {
		what = "signed and published"
	}
	return s.ui.Show(&publishResult{progress, what})
}
