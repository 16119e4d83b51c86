package policy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// environment compiles the conditions of a policy. It is made for the first of
// them: a policy without any pays nothing for the language.
type environment struct{ *cel.Env }

func newEnvironment() (*environment, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := append(variables(),
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(typeProvider{registry}),
		cel.CrossTypeNumericComparisons(true), // JSON does not tell 1 from 1.0
		cel.ParserExpressionSizeLimit(MaxExpression),
		cel.ExpressionNodeLimit(maxExpressionTree),
		cel.RegexProgramSizeLimit(maxRegexProgram),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateComprehensionNestingLimit(maxNestedLoops),
		),
	)
	env, err := cel.NewEnv(options...)
	return &environment{env}, err
}

// readConditions reads and compiles the conditions of a rule, which read the
// predicate together.
func (r *policyReader) readConditions(o *object) []Condition {
	members := &predicateMembers{}
	var out []Condition
	for _, c := range o.objects("conditions", false, MaxConditions) {
		out = append(out, Condition{
			Name:     c.text("name", true, maxName, aLine()),
			CEL:      c.text("cel", true, MaxExpression, someText()),
			compiled: nil,
		})
		if r.err == nil {
			out[len(out)-1].compiled = r.compileCEL(c, &out[len(out)-1], members)
		}
		c.close("name", "cel")
	}
	o.unique("conditions")
	return out
}

func (r *policyReader) compileCEL(o *object, c *Condition, members *predicateMembers) verify.Condition {
	if r.conditions == nil {
		env, err := newEnvironment()
		if err != nil {
			r.keep(err)
			return nil
		}
		r.conditions = env
	}
	ast, issues := r.conditions.Compile(c.CEL)
	if issues.Err() != nil {
		r.keep(celFailure(o, issues))
		return nil
	}
	if t := ast.OutputType(); !t.IsExactType(types.BoolType) && !t.IsExactType(types.DynType) {
		r.keep(o.fail("cel", "is %s and not true or false", t))
		return nil
	}
	costs, ok := newCallCost(ast)
	if !ok {
		r.keep(o.fail("cel", "has a pattern that is not written in it as a text").
			WithHint(`write matches("PATTERN"), and one for each pattern`))
		return nil
	}
	program, err := r.conditions.Program(ast,
		cel.CostTracking(costs), cel.CostLimit(MaxConditionCost),
		cel.InterruptCheckFrequency(interruptEvery), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		r.keep(o.fail("cel", "is not an expression that can be run: %s", err))
		return nil
	}
	used := members.add(ast)
	return &compiledCondition{name: c.Name, program: program, members: members, reads: used}
}

// tooDeep is how cel.ValidateComprehensionNestingLimit says that its limit is passed.
const tooDeep = "comprehension exceeds nesting limit"

// celFailure says where in the file, and where in the expression, it is wrong.
func celFailure(o *object, issues *cel.Issues) *fault.Error {
	first := issues.Errors()[0]
	n := o.find("cel")
	line, column := n.line, n.column
	at := first.Location.Column() + 1 // counted from 0
	switch {
	case n.lines:
		line, column = n.line+first.Location.Line(), at // without the indent
	case n.quoted:
		column += at
	default:
		column += at - 1
	}
	if first.Message == tooDeep {
		return failAt(o.source, line, o.pointer+"/cel", "has more than %d of all, exists, exists_one, map and filter inside each other, at column %d", maxNestedLoops, column).
			WithHint("write several conditions in its place, each of which goes less deep")
	}
	err := failAt(o.source, line, o.pointer+"/cel", "is not a CEL expression, at column %d: %s", column, celWords(first.Message))
	return err.WithHint("a condition may name statement, subjects, predicate, signers and now")
}

// celWords puts a message of the parser into words for people: it lists what its grammar
// would have taken, which is nearly everything.
func celWords(message string) string {
	message = strings.TrimSpace(message)
	syntax, ok := strings.CutPrefix(message, "Syntax error: ")
	if !ok {
		return message
	}
	what, _, _ := strings.Cut(syntax, " expecting ")
	if strings.Contains(what, "<EOF>") {
		return "it ends where more is wanted"
	}
	for _, words := range []string{"mismatched input", "extraneous input", "no viable alternative at input", "token recognition error at:"} {
		if rest, ok := strings.CutPrefix(what, words); ok {
			return "unexpected" + rest
		}
	}
	return what
}

// compiledCondition is a condition that is ready to be asked. It is safe for
// concurrent use.
type compiledCondition struct {
	name    string
	program cel.Program
	members *predicateMembers // that the conditions of the rule look at
	reads   bool              // whether this one looks at any
}

var _ verify.Condition = (*compiledCondition)(nil)

// Name implements verify.Condition.
func (c *compiledCondition) Name() string { return c.name }

// Holds implements verify.Condition. Whatever keeps the condition from being
// judged is an error: a member that is not there, a limit, an end of ctx.
func (c *compiledCondition) Holds(ctx context.Context, f *verify.Facts) error {
	var predicate any = map[string]any{}
	if c.reads {
		loaded, err := f.Once(c.members, func() (any, error) { return c.members.load(f.Message) })
		if err != nil {
			return err
		}
		predicate = loaded
	}
	value, _, err := c.program.ContextEval(ctx, activation(f, predicate))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return c.explain(err)
	case value == types.True:
		return nil
	case value == types.False:
		return fault.New(fault.PolicyCondition, "it does not hold").
			WithHint("stella attest show prints what the evidence says")
	}
	return fault.New(fault.PolicyCondition, "it is neither true nor false")
}

// explain puts an error of the evaluation into our words: CEL's may quote the
// evidence. A name is told only if the condition itself has it.
func (c *compiledCondition) explain(err error) error {
	message := err.Error()
	if name, found := strings.CutPrefix(message, "no such key: "); found && slices.Contains(c.members.named, name) {
		return fault.New(fault.PolicyCondition, "the statement does not have %q, which it looks at", name).
			WithHint("where it may be absent, ask for it with has() first")
	}
	if cancelled, ok := errors.AsType[interpreter.EvalCancelledError](err); ok && cancelled.Cause == interpreter.CostLimitExceeded {
		return fault.New(fault.PolicyCondition, "it takes more steps than the limit of %d", MaxConditionCost).
			WithHint("look at fewer members, or at each of them once")
	}
	return fault.New(fault.PolicyCondition, "it cannot be judged: what it looks at is absent, or of another type than it wants").
		WithHint("stella attest show prints what the evidence says; ask with has() for what may be absent")
}
