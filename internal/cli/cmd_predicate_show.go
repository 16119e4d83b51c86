package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
)

func newPredicateShowCommand(a *app) *cobra.Command {
	var schema, example bool
	cmd := &cobra.Command{
		Use:   "show TYPE",
		Short: "show a predicate type, its schema or an example",
		Long: `Show one row of the catalog: what TYPE, a short name or URI, stands for, under
which URI it is written, and which are accepted. With --schema the JSON Schema
(2020-12) of its predicates is printed: of formats that others define, what
stella holds documents to. --example prints a predicate to start from, for types
that users write themselves and sign with stella sign statement --type.`,
		Example: `  stella predicate show promotion
  stella predicate show promotion --schema
  stella predicate show vex-decision --example`,
		Args: wantArgs("TYPE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.load(cmd)
			if err != nil {
				return err
			}
			switch {
			case schema && example:
				return fault.New(fault.UsageInvalid, "say one of --schema and --example")
			case schema:
				return printSchema(s, args[0])
			case example:
				return printExample(s, args[0])
			}
			return runPredicateShow(s, args[0])
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema instead")
	cmd.Flags().BoolVar(&example, "example", false, "print an example instead")
	return cmd
}

func runPredicateShow(s *session, name string) error {
	t, err := predicate.Lookup(name)
	if err != nil {
		return err
	}
	example, err := predicate.Example(t.URI)
	if err != nil {
		return err
	}
	return s.ui.Show(&predicateView{Type: t, Schema: predicate.Schema(t.URI) != nil, Example: example != nil})
}

func printSchema(s *session, name string) error {
	t, err := predicate.Lookup(name)
	if err != nil {
		return err
	}
	text := predicate.Schema(t.URI)
	if text == nil {
		return fault.New(fault.UsageInvalid, "stella has no schema of %q", t.URI).
			WithHint("it has one of each type that stella predicate list shows")
	}
	s.ui.Out.Verbatim(string(text))
	return s.ui.Out.Flush()
}

func printExample(s *session, name string) error {
	t, err := predicate.Lookup(name)
	if err != nil {
		return err
	}
	text, err := predicate.Example(t.URI)
	switch {
	case err != nil:
		return err
	case text == nil:
		return fault.New(fault.UsageInvalid, "stella has no example of %q: nobody writes it by hand", t.URI).
			WithHint("those that it has: %s", strings.Join(predicate.Exampled(), ", "))
	}
	s.ui.Out.Verbatim(string(text))
	return s.ui.Out.Flush()
}

// predicateView is one row of the catalog.
type predicateView struct {
	predicate.Type
	Schema  bool `json:"schema"`
	Example bool `json:"example"`
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
	pairs = append(pairs, ui.P("schema", ui.T(held)))
	if v.Example {
		pairs = append(pairs, ui.P("example", ui.T("stella predicate show --example prints one")))
	}
	p.Pairs(pairs...)
}
