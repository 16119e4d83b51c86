package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/report"
)

func newForensicReportCommand(a *app) *cobra.Command {
	var opts forensicReportOptions
	cmd := &cobra.Command{
		Use:   "report SNAPSHOT|DIR|-",
		Short: "write the case file of a snapshot, to read, print and file",
		Long: `Verify a snapshot as stella forensic verify does, and write its case file: one
HTML page that needs no script, no network and no other file. It says first
what is wrong, each with its place, what was found and what to do; then what
the verdict rests on and what it does not establish; all entries by folder,
with what became of them; the timeline, and the windows of the keys that
signed, drawn to scale; every signature; and all signed evidence in full.

The exit status is that of the verdict. The case file is written whatever the
verdict is, at once and whole; only of what is no snapshot there is none. What
is too much for a page is counted there.`,
		Example: `  stella forensic report case-7.tar.zst --key ci.key.pub --html -o case-7.html
  stella forensic report case-7.tar.zst --key ci.key.pub --html > case-7.html
  cat case-7.tar.zst | stella forensic report - --key ci.key.pub --html --case CASE-7 -o case-7.html --force`,
		Args: wantArgs("SNAPSHOT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runForensicReport(cmd.Context(), s, &opts, args[0])
		},
	}
	cmd.Annotations = exits(fault.ExitRejected, fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

type forensicReportOptions struct {
	forensicVerifyOptions
	html bool
}

// AddFlags registers the flags.
func (o *forensicReportOptions) AddFlags(fs *pflag.FlagSet) {
	o.addDemands(fs)
	o.verify.rendering.addOutput(fs)
	fs.BoolVar(&o.html, "html", true, "write HTML, the only form there is")
}

func runForensicReport(ctx context.Context, s *session, o *forensicReportOptions, name string) error {
	if !o.html {
		return fault.New(fault.UsageInvalid, "a case file is HTML, and --html=false asks for something else").
			WithHint("stella forensic verify --format has the verdict in other forms")
	}
	policy, closers, err := o.demands(ctx, s)
	defer closers.close()
	if err != nil {
		return err
	}
	return o.judge(ctx, s, policy, name, &caseFile{})
}

// caseFile is the case file that a verification makes; nil for none.
type caseFile struct{ *report.CaseFile }

// of makes it the page of a document.
func (f *caseFile) of(d *document) {
	if f == nil {
		return
	}
	d.suggested = "case.html"
	d.page = func(ctx context.Context, w io.Writer, o report.Options) report.Writer {
		f.CaseFile = report.NewCaseFile(ctx, w, o)
		return f.CaseFile
	}
}

// observer returns who is told what is in the snapshot.
func (f *caseFile) observer() forensic.Observer {
	if f == nil {
		return nil
	}
	return f.CaseFile
}

// about says what the verification came to.
func (f *caseFile) about(v *forensic.Verdict) {
	if f != nil {
		f.Snapshot = v
	}
}
