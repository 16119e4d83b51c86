package policy

import (
	"strings"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// What calls cost, in steps.
const (
	bytesOfStep        = 10  // of text that is read, compared or built
	instructionsOfStep = 2   // of a regular expression, for each step of text
	zoneCost           = 500 // a time zone is looked up by its name
)

// callCost says what the calls of a condition cost. CEL's own figures go by the overload
// that the types choose, and the evidence has none before it is read: by them a text that
// is built or compared costs one step, and so does a list of lists. A call is charged
// when it was made. So that no single one takes long, what is collected in a list costs
// what comparing it would.
type callCost struct {
	program int // instructions of the largest pattern
}

var _ cost.ActualCostEstimator = callCost{}

// newCallCost measures the patterns of an expression. It returns false if one is not
// written in it: such a pattern would be compiled for each call, and the evidence would
// say what that costs.
func newCallCost(a *cel.Ast) (c callCost, ok bool) {
	ok = true
	celast.PreOrderVisit(a.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		if e.Kind() != celast.CallKind || e.AsCall().FunctionName() != overloads.Matches {
			return
		}
		args := e.AsCall().Args()
		n, known := programSize(args[len(args)-1])
		c.program, ok = max(c.program, n), ok && known
	}))
	return c, ok
}

// programSize returns the instructions of a pattern, if it is known.
func programSize(pattern celast.Expr) (int, bool) {
	if pattern.Kind() != celast.LiteralKind {
		return 0, false
	}
	text, ok := pattern.AsLiteral().Value().(string)
	if !ok {
		return 0, false
	}
	n, err := types.RegexProgramSize(text)
	return n, err == nil
}

// CallCost implements cost.ActualCostEstimator.
func (c callCost) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	m := meter{}
	switch function {
	case operators.LogicalAnd, operators.LogicalOr, operators.Conditional:
		return nil // nothing but their arguments
	case operators.Add:
		m.add(args, result)
	case operators.Equals, operators.NotEquals:
		m.compare(args[0], args[1])
	case operators.In, operators.OldIn:
		m.find(args[0], args[1])
	case operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, overloads.StartsWith, overloads.EndsWith:
		m.spend(1 + min(textSteps(args[0]), textSteps(args[1])))
	case overloads.Matches:
		m.spend((1 + textSteps(args[0])) * (1 + uint64(c.program)/instructionsOfStep))
	default:
		m.other(function, args, result)
	}
	return &m.steps
}

// meter counts the steps of one call. It looks at no more values than it counts, and
// at none when the limit is reached.
type meter struct{ steps uint64 }

func (m *meter) spend(steps uint64) { m.steps += steps }

func (m *meter) full() bool { return m.steps > MaxConditionCost }

// other counts a call that reads its arguments once.
func (m *meter) other(function string, args []ref.Val, result ref.Val) {
	m.spend(1 + textSteps(result))
	for _, a := range args {
		m.spend(textSteps(a))
	}
	if strings.HasPrefix(function, "get") && len(args) == 2 { // getHours(ZONE) and its like
		m.spend(zoneCost)
	}
}

// add counts texts that are joined by what is built, and lists by all that is in them.
func (m *meter) add(args []ref.Val, result ref.Val) {
	m.spend(1 + textSteps(result))
	if _, growing := args[0].(traits.MutableLister); !growing { // else that was counted when it was added
		m.collect(args[0])
	}
	m.collect(args[1])
}

// collect counts all that is in a list, and nothing for anything else.
func (m *meter) collect(v ref.Val) {
	if l, ok := v.(traits.Lister); ok {
		m.walk(l)
	}
}

// walk counts a value with all that is in it.
func (m *meter) walk(v ref.Val) {
	m.spend(1 + textSteps(v))
	switch v := v.(type) {
	case traits.Lister:
		for i := v.Iterator(); i.HasNext() == types.True && !m.full(); {
			m.walk(i.Next())
		}
	case traits.Mapper:
		m.walkMap(v, nil)
	}
}

// compare counts what is looked at if two values are equal.
func (m *meter) compare(a, b ref.Val) {
	m.spend(1 + min(textSteps(a), textSteps(b)))
	switch a := a.(type) {
	case traits.Lister:
		if b, ok := b.(traits.Lister); ok && a.Size() == b.Size() {
			for i, k := a.Iterator(), b.Iterator(); i.HasNext() == types.True && k.HasNext() == types.True && !m.full(); {
				m.compare(i.Next(), k.Next())
			}
		}
	case traits.Mapper:
		if b, ok := b.(traits.Mapper); ok && a.Size() == b.Size() {
			m.walkMap(a, b)
		}
	}
}

// walkMap counts what is in a map, or what is looked at to compare it with another.
func (m *meter) walkMap(v, other traits.Mapper) {
	for i := v.Iterator(); i.HasNext() == types.True && !m.full(); {
		key := i.Next()
		m.spend(1 + textSteps(key))
		value, _ := v.Find(key)
		if other == nil {
			m.walk(value)
		} else if found, ok := other.Find(key); ok {
			m.compare(value, found)
		}
	}
}

// find counts a look for a value in a list, or for a key in a map.
func (m *meter) find(v, in ref.Val) {
	m.spend(1)
	l, ok := in.(traits.Lister)
	if !ok {
		m.spend(textSteps(v))
		return
	}
	for i := l.Iterator(); i.HasNext() == types.True && !m.full(); {
		m.compare(v, i.Next())
	}
}

// textSteps are the steps that reading a text takes, 0 for anything else.
func textSteps(v ref.Val) uint64 {
	n := 0
	switch v := v.(type) {
	case types.String:
		n = len(v)
	case types.Bytes:
		n = len(v)
	}
	return uint64((n + bytesOfStep - 1) / bytesOfStep)
}
