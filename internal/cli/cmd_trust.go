package cli

import "github.com/spf13/cobra"

func newTrustCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "trust",
		Short: "publish, import and show whom to trust",
		Long: `A trust bundle says whom to trust, since when, and how long that holds: keys,
certificate authorities, logs, time stamp authorities, revocations and a policy,
in a TUF repository that travels on any medium. What was imported never goes
back. stella verify rests on the active bundle where no other trust is named.`,
	},
		newTrustInitCommand(a),
		newTrustImportCommand(a),
		newTrustShowCommand(a),
		newTrustStatusCommand(a),
		newTrustPublishCommand(a),
	)
}
