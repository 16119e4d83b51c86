package cli

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/internal/version"
)

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "show the version and what this build can do",
		Long: `Show the version of stella, what it was built from, and the schemes of key
references that this build has a driver for.`,
		Example: `  stella version
  stella version --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.bare(cmd)
			if err != nil {
				return err
			}
			return runVersion(s)
		},
	}
}

func runVersion(s *session) error {
	drivers, err := schemes()
	if err != nil {
		return err
	}
	return s.ui.Show(versionResult{version.Read(drivers)})
}

type versionResult struct{ version.Info }

func (r versionResult) Text(p *ui.Printer) {
	commit := cmp.Or(r.Commit, "unknown")
	if r.Modified {
		commit += " (modified)"
	}
	p.Pairs(
		ui.P("stella", ui.T(r.Version)),
		ui.P("commit", ui.T(commit)),
		ui.P("go", ui.T(r.Go)),
		ui.P("platform", ui.T(r.Platform)),
		ui.P("drivers", ui.T(strings.Join(r.Drivers, ", "))),
		ui.P("fips 140-3", ui.T(r.FIPS140.Standing())),
	)
}
