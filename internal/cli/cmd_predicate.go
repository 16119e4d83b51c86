package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
)

func newPredicateCommand(a *app) *cobra.Command {
	return group(&cobra.Command{
		Use:   "predicate",
		Short: "list and show predicate types, and hold predicates to them",
		Long:  "List and show the predicate types that stella knows, and hold predicates to them.",
	}, newPredicateListCommand(a), newPredicateShowCommand(a), newPredicateValidateCommand(a))
}

func newPredicateListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "list the predicate types and their short names",
		Long: `List the predicate types: the short name that --type takes, the URI that is
written, and the spellings of the same schema that a demand for it accepts.`,
		Example: `  stella predicate list
  stella predicate list --format json`,
		Args: wantArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return s.ui.Show(&predicateList{predicate.Types()})
		},
	}
}

type predicateList struct {
	Types []predicate.Type `json:"types"`
}

// Text implements ui.Result.
func (l *predicateList) Text(p *ui.Printer) {
	rows := make([][]ui.Text, len(l.Types))
	for i, t := range l.Types {
		rows[i] = []ui.Text{ui.T(t.Name), ui.T(t.URI), ui.T(t.Kind), ui.T(strings.Join(t.Spellings, " "))}
	}
	p.Table([]string{"NAME", "URI", "WHAT", "ALSO ACCEPTED"}, rows)
}
