package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
)

func newPredicateShowCommand(a *app) *cobra.Command {
	var schema bool
	cmd := &cobra.Command{
		Use:   "show TYPE",
		Short: "show a predicate type, or its schema",
		Long: `Show one row of the catalog: what TYPE, a short name or URI, stands for, under
which URI it is written, and which are accepted. With --schema the JSON Schema
(2020-12) of its predicates is printed, if stella holds them to one.`,
		Example: `  stella predicate show promotion
  stella predicate show promotion --schema`,
		Args: wantArgs("TYPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			return runPredicateShow(s, args[0], schema)
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema instead")
	return cmd
}

func runPredicateShow(s *session, name string, schema bool) error {
	t, err := predicate.Lookup(name)
	if err != nil {
		return err
	}
	text := predicate.Schema(t.URI)
	if !schema {
		return s.ui.Show(&predicateView{Type: t, Schema: text != nil})
	}
	if text == nil {
		return fault.New(fault.UsageInvalid, "stella has no schema of %q", t.URI).
			WithHint("those that it has: %s", strings.Join(predicate.Described(), ", "))
	}
	s.ui.Out.Verbatim(string(text))
	return s.ui.Out.Flush()
}

// predicateView is one row of the catalog.
type predicateView struct {
	predicate.Type
	Schema bool `json:"schema"`
}

// Text implements ui.Result.
func (v *predicateView) Text(p *ui.Printer) {
	pairs := []ui.Pair{ui.P("type", ui.T(v.URI))}
	if v.Name != "" {
		pairs = append(pairs, ui.P("name", ui.T(v.Name)))
	}
	pairs = append(pairs, ui.P("what", ui.T(v.Kind)))
	for _, spelling := range v.Spellings {
		pairs = append(pairs, ui.P("also", ui.T(spelling)))
	}
	held := "none: any JSON object is taken, or a document of the format"
	if v.Schema {
		held = "stella predicate show --schema prints it"
	}
	p.Pairs(append(pairs, ui.P("schema", ui.T(held)))...)
}
