package cli

import "github.com/spf13/cobra"

func newOfflineKitCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "offline-kit",
		Short: "build, check and import offline kits",
		Long: `An offline kit is one signed archive with everything that an auditor behind an
air gap needs: trust, evidence, SBOMs, reports, policies, images and stella
itself. It is checked before it leaves and after it arrives, also for what is
missing in it. What is imported takes the place of the kit that was active in
one step.`,
	},
		newOfflineKitBuildCommand(a),
		newOfflineKitVerifyCommand(a),
		newOfflineKitImportCommand(a),
		newOfflineKitStatusCommand(a),
		newOfflineKitRollbackCommand(a),
	)
}
