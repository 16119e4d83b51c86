package cli

import "github.com/spf13/cobra"

func newAuditCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "audit",
		Short: "verify and show the log of every use of a key",
		Long: `Every use of a private key, done or refused, is a record in the audit log before
its signature is released. Verify that log, and show what a key signed.`,
	},
		newAuditVerifyCommand(a),
		newAuditShowCommand(a),
	)
}

// auditArg returns the log that a command reads: its argument, else the
// configured or usual one.
func auditArg(s *session, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	return s.auditLog()
}
