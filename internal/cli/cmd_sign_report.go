package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
)

func newSignReportCommand(a *app) *cobra.Command {
	var opts signReportOptions
	cmd := &cobra.Command{
		Use:   "report FILE|-",
		Short: "sign a scan report or a VEX document with its decision",
		Long: `Sign a scan report (SARIF, Trivy, Grype, OSV) together with what was decided on
it: pass, warn or block. The decision is never guessed; a stella report states
its own. The report is embedded, or with --reference attested by its digest.

VEX documents (OpenVEX, CycloneDX, CSAF) state decisions themselves and need
none. With --type the report itself becomes a raw predicate of that type.`,
		Example: `  stella sign report report.sarif.json --decision pass --key ci.key -o report.sigstore.json
  stella sign report report.sarif.json --decision block --policy-digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a --view inventory --key ci.key -o blocked.sigstore.json`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runSignReport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing, fault.ExitOffline, fault.ExitTemporary)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type signReportOptions struct {
	documentFlags
	decision     *choice
	policyDigest string
	views        []string
	scanner      predicate.Scanner
}

// AddFlags registers the flags.
func (o *signReportOptions) AddFlags(fs *pflag.FlagSet) {
	o.sign.AddFlags(fs)
	o.statement.AddFlags(fs)
	o.statement.addDocumentFlags(fs)
	o.decision = newChoice("", predicate.Decisions()...)
	fs.Var(o.decision, "decision", "what is decided on the report: `pass|warn|block`")
	fs.StringVar(&o.policyDigest, "policy-digest", "", "digest of the policy that the decision rests on: `sha256:HEX`")
	fs.StringArrayVar(&o.views, "view", nil, "SBOM `VIEW` that the report covers, such as inventory or usage; repeat it for several")
	fs.StringVar(&o.scanner.Name, "scanner", "", "`NAME` of the scanner, if the report does not say it")
	fs.StringVar(&o.scanner.Version, "scanner-version", "", "`VERSION` of the scanner")
}

func runSignReport(ctx context.Context, s *session, o *signReportOptions, name string) error {
	return signDocument(ctx, s, &o.documentFlags, name, func(f *input.File, common predicate.Options) (*predicate.Draft, error) {
		return predicate.Report(f, predicate.ReportOptions{
			Options: common, Decision: o.decision.value, PolicyDigest: o.policyDigest, Views: o.views, Scanner: o.scanner,
		})
	})
}
