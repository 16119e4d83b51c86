package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustPublishExportCommand(a *app) *cobra.Command {
	var opts outputFlags
	cmd := &cobra.Command{
		Use:   "export DIR -o OUT",
		Short: "write published trust to a medium",
		Long: `Write what is published in DIR to OUT: a directory, or an archive if its name
ends in .tar or .tar.gz. It goes through all that an import does before it
leaves. A directory that holds an older export is brought up to date.

The SHA-256 of the first root is printed: who begins with this trust needs it
from you, in another way than the medium.`,
		Example: `  stella trust publish export acme -o medium
  stella trust publish export acme -o medium.tar.gz`,
		Args: wantArgs("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustPublishExport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	fs := cmd.Flags()
	fs.StringVarP(&opts.path, "output", "o", "", "write to `OUT`, a directory or an archive")
	opts.addForce(fs)
	return cmd
}

func runTrustPublishExport(ctx context.Context, s *session, o *outputFlags, dir string) error {
	if o.onStdout() {
		return fault.New(fault.OutputRequired, "an export is a directory or an archive").WithHint("say where it shall go: -o MEDIUM")
	}
	publisher := trust.NewPublisher(dir)
	progress, err := publisher.Progress()
	if err != nil {
		return err
	}
	files, err := publisher.Export(s.Now())
	if err != nil {
		return err
	}
	if !progress.Complete() {
		s.ui.Warn("what is staged in %s lacks signatures, and is not in the export", dir)
	}
	if err := trust.WriteExport(ctx, o.path, files, o.force); err != nil {
		return err
	}
	return s.ui.Show(&trustExportResult{Output: o.path, Files: len(files), RootSHA256: progress.RootSHA256, Published: progress.Published})
}

// trustExportResult is what an export holds.
type trustExportResult struct {
	Output     string             `json:"output"`
	Files      int                `json:"files"`
	RootSHA256 string             `json:"rootSha256"`
	Published  []trust.RoleStatus `json:"published"`
}

// Text implements ui.Result.
func (r *trustExportResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("exported "+plural(r.Files, "file")+" to "+r.Output))
	var pairs []ui.Pair
	for _, role := range r.Published {
		pairs = append(pairs, ui.P(role.Role, ui.T("version "+strconv.FormatInt(role.Version, 10)+", until "+moment(role.Expires))))
	}
	p.Pairs(append(pairs, ui.P("first root", ui.T("sha256:"+r.RootSHA256)))...)
}
