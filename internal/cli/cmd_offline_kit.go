package cli

import "github.com/spf13/cobra"

func newOfflineKitCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "offline-kit",
		Short: "carry trust and evidence across an air gap",
		Long: `An offline kit is one signed archive with everything that an auditor behind an
air gap needs: trust, evidence, SBOMs, reports, policies, images and stella
itself. What arrives is verified whole before it takes the place of the kit that
was active, in one step.`,
	},
		newOfflineKitImportCommand(a),
		newOfflineKitStatusCommand(a),
		newOfflineKitRollbackCommand(a),
	)
}
