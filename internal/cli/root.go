package cli

import (
	"github.com/spf13/cobra"
)

// Command returns the command tree for tools that read it: the generator of
// man pages and completions.
func Command() *cobra.Command { return newRootCommand(newApp(nil, System())) }

func newRootCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stella",
		Short: "sign and verify software supply-chain evidence, offline first",
		Long:  "stella signs and verifies software supply-chain evidence, offline first.",
		Example: `  stella sign sbom sbom.cdx.json --key ci.key -o sbom.sigstore.json
  stella verify sbom.sigstore.json --key ci.key.pub --subject sbom.cdx.json`,
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: refuseVoid,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	a.flags.AddFlags(cmd.PersistentFlags())
	cmd.SetFlagErrorFunc(flagFault)
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) { a.help(cmd) })
	cmd.SetHelpCommand(newHelpCommand(a))
	cmd.AddCommand(
		newSignCommand(a),
		newVerifyCommand(a),
		newAttestCommand(a),
		newPromotionCommand(a),
		newKeysCommand(a),
		newTrustCommand(a),
		newOfflineKitCommand(a),
		newAuditCommand(a),
		newForensicCommand(a),
		newPolicyCommand(a),
		newPredicateCommand(a),
		newConfigCommand(a),
		newCompletionCommand(a),
		newDoctorCommand(a),
		newVersionCommand(a),
	)
	cmd.AddCommand(topics()...)
	giveOnce(cmd)
	completeChoices(cmd)
	completeKeys(a, cmd)
	return cmd
}
