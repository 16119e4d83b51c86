package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishAddRootCommand(a *app) *cobra.Command {
	var opts trustPublishAddRootOptions
	cmd := &cobra.Command{
		Use:   "add-root DIR",
		Short: "add authorities, CRLs and the policy",
		Long: `Add to the trust in DIR who may vouch for certificates, logs and time: Sigstore
trusted roots, private CAs, CRLs, time stamp authorities. Several stand side by
side, each for the time that it says itself. A file takes the place of one that
has the same name, as a new CRL does. The policy is what everybody who verifies
with this trust demands; who verifies can demand more.`,
		Example: `  stella trust publish add-root acme --trusted-root trusted_root.json
  stella trust publish add-root acme --ca ca.pem --policy policy.yaml`,
		Args: wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishAddRoot(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type trustPublishAddRootOptions struct {
	trustedRoots, cas, crls, tsas []string
	policy                        string
}

// AddFlags registers the flags.
func (o *trustPublishAddRootOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&o.trustedRoots, "trusted-root", nil, "a Sigstore trusted root, in `FILE`; repeatable")
	fs.StringArrayVar(&o.cas, "ca", nil, "a private CA: certificates in PEM, in `FILE`; repeatable")
	fs.StringArrayVar(&o.crls, "crl", nil, "a CRL of a private CA, in `FILE`; repeatable")
	fs.StringArrayVar(&o.tsas, "timestamp-certificate-chain", nil, "a time stamp authority: its certificate chain in PEM, in `FILE`; repeatable")
	fs.StringVar(&o.policy, flagPolicy, "", "the policy, in `FILE`")
}

func runTrustPublishAddRoot(ctx context.Context, s *session, o *trustPublishAddRootOptions, dir string) error {
	var files []trust.File
	for _, group := range []struct {
		dir   string
		paths []string
	}{{"trusted_root/", o.trustedRoots}, {"ca/", o.cas}, {"crl/", o.crls}, {"tsa/", o.tsas}} {
		for _, path := range group.paths {
			content, err := readSmall(s, path)
			if err != nil {
				return err
			}
			name := group.dir + filepath.Base(path)
			if filepath.Base(path) == trust.TrustedRootName {
				name = trust.TrustedRootName // where other clients look for it
			}
			files = append(files, trust.File{Name: name, Content: content})
		}
	}
	if o.policy != "" {
		content, err := readPolicyText(s, o.policy)
		if err != nil {
			return err
		}
		if err := checkPolicy(content, o.policy); err != nil {
			return err
		}
		files = append(files, trust.File{Name: trust.PolicyName, Content: content})
	}
	if len(files) == 0 {
		return fault.New(fault.UsageInvalid, "nothing to add").
			WithHint("name it: --trusted-root, --ca, --crl, --timestamp-certificate-chain or --policy FILE")
	}
	progress, err := trust.NewPublisher(dir).Put(ctx, s.Now(), files...)
	if err != nil {
		return err
	}
	return s.ui.Show(&publishResult{progress, "staged: " + plural(len(files), "file")})
}
