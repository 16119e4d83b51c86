package cli

import "github.com/spf13/cobra"

func newForensicCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "forensic",
		Short: "keep, carry and judge the evidence of a case",
		Long: `Keep the timeline of a case, put its evidence into one signed snapshot, and
judge that snapshot on a machine without a network.`,
	},
		newForensicSnapshotCommand(a),
		newForensicVerifyCommand(a),
		newForensicReportCommand(a),
		newForensicProveCommand(a),
		newForensicDiffCommand(a),
		newForensicAttestCommand(a),
		newForensicTimelineCommand(a),
	)
}

// newForensicAttestCommand has the verb of attest under the name that it has in the
// original.
func newForensicAttestCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "attest",
		Short: "look into the evidence of a case",
		Long:  "Show what is inside of signed evidence, and who signed it.",
	},
		newAttestShowCommand(a),
	)
}

func newForensicTimelineCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "timeline",
		Short: "add events to the timeline of a case, show and verify it",
		Long: `A timeline is a file of events that are only ever added. It shows by itself
when an event was edited, removed, moved or dated back, and with a checkpoint
that was kept elsewhere also when its end was cut off.`,
	},
		newForensicTimelineAddCommand(a),
		newForensicTimelineShowCommand(a),
		newForensicTimelineVerifyCommand(a),
	)
}
