package policy

import (
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

const predicateVariable = "predicate"

// predicateMembers are those members of the predicate that the conditions of one
// rule look at: only they are read into memory.
type predicateMembers struct {
	all   bool     // the whole predicate
	names []string // else these members of it
	named []string // all members of anything that a condition names, for messages
}

// add notes what an expression looks at, and reports whether it looks at the
// predicate at all.
func (m *predicateMembers) add(a *cel.Ast) (reads bool) {
	selected := make(map[int64]string) // by the id of the variable in predicate.NAME
	celast.PreOrderVisit(a.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.SelectKind:
			m.named = append(m.named, e.AsSelect().FieldName())
			if isPredicate(e.AsSelect().Operand()) {
				selected[e.AsSelect().Operand().ID()] = e.AsSelect().FieldName()
			}
		case celast.CallKind:
			if c := e.AsCall(); c.FunctionName() == operators.Index && isPredicate(c.Args()[0]) && c.Args()[1].Kind() == celast.LiteralKind {
				if name, ok := c.Args()[1].AsLiteral().Value().(string); ok {
					selected[c.Args()[0].ID()] = name
					m.named = append(m.named, name)
				}
			}
		case celast.IdentKind:
			if !isPredicate(e) {
				return
			}
			reads = true
			if name, ok := selected[e.ID()]; ok {
				m.names = append(m.names, name)
			} else {
				m.all = true
			}
		}
	}))
	return reads
}

func isPredicate(e celast.Expr) bool {
	return e.Kind() == celast.IdentKind && strings.TrimPrefix(e.AsIdent(), ".") == predicateVariable
}
