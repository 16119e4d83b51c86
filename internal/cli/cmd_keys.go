package cli

import "github.com/spf13/cobra"

func newKeysCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "keys",
		Short: "generate, record, rotate and revoke keys",
		Long: `Make keys, show what is in them, and keep them in order: the keyring knows
where each key is, who holds it, how long it signs and what became of it.`,
	},
		newKeysGenerateCommand(a),
		newKeysListCommand(a),
		newKeysShowCommand(a),
		newKeysExportCommand(a),
		newKeysImportCommand(a),
		newKeysRotateCommand(a),
		newKeysRevokeCommand(a),
		newKeysAttestCommand(a),
		newKeysEnrolCommand(a),
		newKeysPINCommand(a),
	)
}
