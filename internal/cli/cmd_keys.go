package cli

import "github.com/spf13/cobra"

func newKeysCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "keys",
		Short: "generate and inspect keys",
		Long:  "Generate key files, show what is in them, and export public keys.",
	},
		newKeysGenerateCommand(a),
		newKeysShowCommand(a),
		newKeysExportCommand(a),
	)
}
