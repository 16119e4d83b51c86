package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func newTrustStatusCommand(a *app) *cobra.Command {
	var opts trustNameFlag
	cmd := &cobra.Command{
		Use:   "status",
		Short: "show how old trust is, and whether it holds",
		Long: `Show each trust bundle: its versions, how old what it says is, when it expires,
and whether verification may rest on it now. The exit status is that of the
first bundle that may not be used, so that a timer can watch it.`,
		Example: `  stella trust status
  stella trust status --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runTrustStatus(s, &opts)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	opts.AddFlags(cmd.Flags())
	return cmd
}

func runTrustStatus(s *session, o *trustNameFlag) error {
	names := []string{o.name}
	var err error
	if o.name == "" {
		if names, err = s.trustHome().Names(); err != nil {
			return err
		}
	}
	result := &trustStatusResult{Dir: s.trustHome().Dir(), Bundles: []*trust.Status{}, now: s.Now()}
	if active, err := s.activeTrust(); err == nil { // several, and none chosen: none is
		result.Active = active
	}
	var first error
	for _, name := range names {
		status, err := s.trustHome().Status(name, s.Now())
		if err != nil {
			return err
		}
		result.Bundles = append(result.Bundles, status)
		if first == nil {
			first = status.Err()
		}
	}
	if err := s.ui.Show(result); err != nil {
		return err
	}
	return first
}

// trustStatusResult is where trust bundles stand.
type trustStatusResult struct {
	Dir     string          `json:"dir"`
	Active  string          `json:"active,omitempty"`
	Bundles []*trust.Status `json:"bundles"`

	now time.Time
}

// Text implements ui.Result.
func (r *trustStatusResult) Text(p *ui.Printer) {
	if len(r.Bundles) == 0 {
		p.Line(ui.T("no trust bundle in " + r.Dir))
		return
	}
	for i, b := range r.Bundles {
		if i > 0 {
			p.Blank()
		}
		showTrustStatus(p, b, b.Name == r.Active)
	}
}
