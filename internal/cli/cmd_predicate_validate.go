package cli

import (
	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
)

func newPredicateValidateCommand(a *app) *cobra.Command {
	var predicateType string
	cmd := &cobra.Command{
		Use:   "validate FILE|-",
		Short: "hold a predicate to the schema of its type",
		Long: `Hold a predicate to the schema or format of its type, as signing does: FILE is a
whole in-toto statement, which names its type itself, or with --type a predicate
alone. Nothing is signed or verified. A type that stella does not know is not
taken: there is nothing to hold it to.`,
		Example: `  stella predicate validate statement.json  # exit 2
  stella predicate validate sbom.cdx.json --type cyclonedx`,
		Args: wantArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPredicateValidate(s, args[0], predicateType)
		},
	}
	cmd.Annotations = exits(fault.ExitMissing)
	cmd.Flags().StringVar(&predicateType, "type", "", "predicate type, by short name or `URI`")
	return cmd
}

func runPredicateValidate(s *session, name, predicateType string) error {
	f, err := input.Open(name, s.Stdin, input.MaxDocument)
	if err != nil {
		return err
	}
	defer f.Close()
	uri, err := predicate.Validate(f, predicateType)
	if err != nil {
		return err
	}
	return s.ui.Show(&validateResult{name, uri, true})
}

type validateResult struct {
	File          string `json:"file"`
	PredicateType string `json:"predicateType"`
	Valid         bool   `json:"valid"`
}

// Text implements ui.Result.
func (r *validateResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T(input.Display(r.File)+" follows "+r.PredicateType))
}
