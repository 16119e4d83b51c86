package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/ui"
)

func newConfigCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "show the configuration",
		Long:  "Show what stella is configured to do.",
	}, newConfigShowCommand(a))
}

func newConfigShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "print every setting with where its value comes from",
		Long: `Print every setting, its value, and where that comes from: a flag, an
environment variable, a line of the configuration file, or the default. See
stella help environment for what can be set where.`,
		Example: `  stella config show
  stella config show --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.configured(cmd)
			if err != nil {
				return err
			}
			return runConfigShow(s)
		},
	}
}

func runConfigShow(s *session) error {
	return s.ui.Show(configResult{File: s.loaded.File, Settings: s.loaded.origins})
}

// text returns the value as people read it.
func (o origin) text() string {
	if list, ok := o.Value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(o.Value)
}

type configResult struct {
	File     string   `json:"file,omitempty"`
	Settings []origin `json:"settings"`
}

func (r configResult) Text(p *ui.Printer) {
	if r.File != "" {
		p.Line(ui.T("configuration file: " + r.File))
	} else {
		p.Line(ui.T("configuration file: none"))
	}
	p.Blank()
	rows := make([][]ui.Text, len(r.Settings))
	for i, o := range r.Settings {
		rows[i] = []ui.Text{ui.T(o.Key), ui.Styled(ui.Strong, o.text()), ui.T(o.Source), ui.T(o.Where)}
	}
	p.Table([]string{"SETTING", "VALUE", "FROM", "WHERE"}, rows)
}
