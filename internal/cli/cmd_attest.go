package cli

import "github.com/spf13/cobra"

func newAttestCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "attest",
		Short: "look into evidence, add signatures and time stamps to it",
		Long:  "Show what is inside of signed evidence, and add signatures and time stamps to it.",
	},
		newAttestShowCommand(a),
		newAttestAddCommand(a),
		newAttestTimestampCommand(a),
	)
}
