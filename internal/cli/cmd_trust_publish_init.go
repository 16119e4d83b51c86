package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishInitCommand(a *app) *cobra.Command {
	var opts trustPublishInitOptions
	cmd := &cobra.Command{
		Use:   "init DIR --root-key KEY --key KEY",
		Short: "begin to publish trust",
		Long: `Make DIR, from which trust is published, and say whose signatures its roles
need. Only public halves are needed: files, keyring:NAME, or references to keys
on devices, which are opened for them. Keys are Ed25519, ECDSA P-256 or P-384,
or on a FIDO2 token; TUF has no others that stella signs with.

With several --root-key, --root-threshold of them must sign each root: take more
keys than that, so that one may get lost. --key are the keys of the role
targets, which says whom to trust; snapshot and timestamp have the same, unless
they are given their own.`,
		Example: `  stella trust publish init anchors --root-key ci.key.pub --root-key team.key.pub --root-threshold 2 --key team.key.pub`,
		Args:    wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishInit(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishInitOptions struct {
	rootKeys, keys, snapshotKeys, timestampKeys []string
	rootThreshold, threshold                    int
	validity                                    validityFlags
	secrets                                     secretFlags
}

// AddFlags registers the flags.
func (o *trustPublishInitOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.rootKeys, "root-key", nil, "a `KEY` of the root; repeatable")
	fs.IntVar(&o.rootThreshold, "root-threshold", 0, "`N` keys of the root sign each root; the default is all of them")
	fs.StringArrayVar(&o.keys, "key", nil, "a `KEY` of the targets; repeatable")
	fs.IntVar(&o.threshold, "threshold", 1, "`N` keys of the targets sign each change")
	fs.StringArrayVar(&o.snapshotKeys, "snapshot-key", nil, "a `KEY` of the snapshot, one of which signs; repeatable")
	fs.StringArrayVar(&o.timestampKeys, "timestamp-key", nil, "a `KEY` of the timestamp, one of which signs; repeatable")
	o.validity.AddFlags(fs)
	o.secrets.AddFlags(fs)
	addKeyring(fs)
}

func runTrustPublishInit(ctx context.Context, s *session, o *trustPublishInitOptions, dir string) error {
	if len(o.rootKeys) == 0 || len(o.keys) == 0 {
		return fault.New(fault.UsageInvalid, "trust needs a key of its root and a key of its targets").
			WithHint("name them: --root-key KEY.pub --key KEY.pub; make one with: stella keys generate -o KEY")
	}
	init := trust.InitOptions{Now: s.Now()}
	var err error
	if init.RootValidity, err = parseLimit(flagRootExpires, o.validity.root); err != nil {
		return err
	}
	if init.Validity, err = parseLimit(flagExpires, o.validity.rest); err != nil {
		return err
	}
	for _, r := range []struct {
		to        *trust.RoleKeys
		texts     []string
		threshold int
	}{
		{&init.Root, o.rootKeys, o.rootThreshold}, {&init.Targets, o.keys, o.threshold},
		{&init.Snapshot, o.snapshotKeys, 1}, {&init.Timestamp, o.timestampKeys, 1},
	} {
		if r.to.Keys, err = roleKeys(ctx, s, &o.secrets, r.texts); err != nil {
			return err
		}
		if r.to.Threshold = r.threshold; r.threshold == 0 {
			r.to.Threshold = len(r.to.Keys)
		}
	}
	progress, err := trust.NewPublisher(dir).Init(ctx, init)
	if err != nil {
		return err
	}
	return s.ui.Show(&publishResult{progress, "trust is published from " + dir})
}
