package policy

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// load reads the members from a statement, and keeps nothing else of it in
// memory. The message has been verified and read as a statement before, and each
// reading of it is tied to that.
func (m *predicateMembers) load(message dsse.Message) (map[string]any, error) {
	r := dsse.NewReader(message)
	defer r.Close()
	l := &loader{members: m}
	_, err := canonical.ScanWrapped(r, l)
	if l.err != nil {
		return nil, l.err
	}
	if _, syntax := errors.AsType[*canonical.SyntaxError](err); syntax {
		return nil, fault.New(fault.PolicyCondition, "the predicate cannot be read: what the condition looks at may hold a text of over %d bytes", canonical.MaxText)
	}
	return l.predicate, err
}

// loader is a Visitor that builds the wanted members as CEL sees them.
type loader struct {
	members   *predicateMembers
	predicate map[string]any

	open   []container // the statement, the predicate, and what is open in it
	name   string      // of the scalar that is being read
	size   int         // bytes kept so far
	values int         // kept so far
	err    error       // the first thing that Visit refused; Visit cannot return it
}

var _ canonical.Visitor = (*loader)(nil)

// container is an object or array that has begun.
type container struct {
	name  string
	value any // map[string]any, or *[]any, which grows
}

// Visit implements canonical.Visitor.
func (l *loader) Visit(path []byte, kind canonical.Kind) canonical.Action {
	name := lastStep(path)
	switch depth := len(l.open); {
	case l.err != nil,
		depth == 1 && name != predicateVariable,
		depth == 2 && !l.members.all && !slices.Contains(l.members.names, name):
		return canonical.Skip
	case depth >= 2:
		l.keep(len(name))
	}
	switch kind {
	case canonical.Object:
		l.open = append(l.open, container{name, make(map[string]any)})
		return canonical.Enter
	case canonical.Array:
		l.open = append(l.open, container{name, new([]any)})
		return canonical.Enter
	}
	l.name = name
	return canonical.Text
}

// Value implements canonical.Visitor.
func (l *loader) Value(_ []byte, v canonical.Value) error {
	if l.err != nil {
		return l.err
	}
	switch v.Kind {
	case canonical.Object, canonical.Array:
		last := l.open[len(l.open)-1]
		l.open = l.open[:len(l.open)-1]
		if len(l.open) == 1 {
			l.predicate, _ = last.value.(map[string]any)
		} else if len(l.open) > 1 {
			l.put(last.name, finished(last.value))
		}
		return nil
	}
	l.size += len(v.Data)
	value, err := scalar(v)
	l.put(l.name, value)
	return err
}

// put adds a value to the innermost open container.
func (l *loader) put(name string, value any) {
	switch c := l.open[len(l.open)-1].value.(type) {
	case map[string]any:
		c[name] = value
	case *[]any:
		*c = append(*c, value)
	}
}

func finished(value any) any {
	if list, ok := value.(*[]any); ok {
		return *list
	}
	return value
}

// keep counts one value with its name, and holds what is kept to the limits.
func (l *loader) keep(size int) {
	l.values++
	l.size += size
	switch {
	case l.size > MaxConditionSize:
		l.err = tooLarge("has more than %d bytes", MaxConditionSize)
	case l.values > MaxConditionValues:
		l.err = tooLarge("has more than %d values", MaxConditionValues)
	case len(l.open) > maxPredicateDepth:
		l.err = tooLarge("is nested deeper than %d levels", maxPredicateDepth)
	}
}

func tooLarge(format string, args ...any) error {
	return fault.New(fault.InputTooLarge, "what the conditions look at "+format+", which is the limit", args...).
		WithHint("have the conditions name only the members that they need, such as predicate.metadata, and not predicate itself")
}

// lastStep returns the last step of a JSON pointer (RFC 6901, section 4).
func lastStep(path []byte) string {
	step := string(path[bytes.LastIndexByte(path, '/')+1:])
	return strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
}

func scalar(v canonical.Value) (any, error) {
	switch v.Kind {
	case canonical.String:
		return string(v.Data), nil
	case canonical.Number:
		return numberValue(v.Data)
	}
	switch string(v.Data) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return types.NullValue, nil
}

// exactDouble is the first whole number after which doubles leave some out.
const exactDouble = 1 << 53

// numberValue returns a whole number as one, so that it compares exactly, and
// any other as a double. What that cannot hold is an error, as it is when it is signed:
// the condition would be asked of another number.
func numberValue(text []byte) (any, error) {
	if whole, ok := wholeNumber(string(text)); ok {
		return whole, nil
	}
	form, exact := canonical.ExactNumber(text)
	if !exact || !bytes.ContainsAny(text, ".eE") {
		return nil, fault.New(fault.PolicyCondition, "it looks at a member that holds a number which CEL cannot hold exactly")
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err == nil && math.Abs(f) >= exactDouble { // CEL compares it as the whole number that is next to it
		if whole, ok := wholeNumber(string(form)); ok {
			return whole, nil
		}
	}
	return f, err
}

// wholeNumber reads a whole number that CEL holds as one.
func wholeNumber(text string) (any, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, true
	}
	u, err := strconv.ParseUint(text, 10, 64)
	return u, err == nil
}
