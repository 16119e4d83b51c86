package cli

import (
	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
)

func newPolicyCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "policy",
		Short: "check, show and test policies",
		Long:  "Check, show and test policies: files that say what is demanded of evidence.",
	}, newPolicyCheckCommand(a), newPolicyShowCommand(a), newPolicyTestCommand(a))
}

func newPolicyShowCommand(a *app) *cobra.Command {
	var opts verifyOptions
	cmd := &cobra.Command{
		Use:   "show [FILE]",
		Short: "print a policy, or what flags amount to",
		Long: `Print the policy in FILE in the one form that stella writes: YAML, or JSON with
--format json; both can be read again. Without FILE, print the policy that the
flags of stella verify amount to. Whom a verification trusts, and when, is no
part of a policy.`,
		Example: `  stella policy show policy.yaml
  stella policy show --threshold 2 --type cyclonedx --subject sbom.cdx.json
  stella policy show --certificate-identity ci@example.com --certificate-oidc-issuer https://issuer.example.com`,
		Args: wantAtMost("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				opts.policy.path = args[0]
			}
			return opts.printPolicy(s)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.trust.identity.AddFlags(cmd.Flags())
	opts.proofs.AddFlags(cmd.Flags())
	opts.addDemands(cmd.Flags())
	return cmd
}
