package predicate

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// rule is what must hold of the values at a path.
type rule struct {
	kind     canonical.Kind
	required bool                     // if the object around it is there
	check    func(text string) string // what is wrong with it, or ""
	size     bounds                   // of an array
	opaque   bool                     // an object whose members are not ours
	open     bool                     // an object that may have members beside ours
}

// bounds are how many elements an array has. The zero value holds it to nothing.
type bounds struct {
	least, most int
	noun        string
}

func between(least, most int, noun string) bounds { return bounds{least, most, noun} }

// shape is the schema of a predicate: the rule of each path, in which * stands
// for any index. A path without a rule must not occur.
type shape map[string]rule

// Check holds the JSON text in predicate to the schema of predicateType. Types
// without a schema here pass if they are JSON objects. An error has the reason
// predicate.invalid, or input.malformed if the text is not JSON.
func Check(predicateType string, predicate io.Reader) error {
	return check(predicateType, "", predicate)
}

// CheckStatement is Check for the predicate within a whole statement.
func CheckStatement(predicateType string, statement io.Reader) error {
	return check(predicateType, "/predicate", statement)
}

func check(predicateType, root string, r io.Reader) error {
	s := shape{"": {kind: canonical.Object, opaque: true}}
	if describe := shapeOf(predicateType); describe != nil {
		s = describe()
	}
	c := newChecker(s, root)
	if _, err := canonical.Scan(r, c); err != nil {
		return err
	}
	if err := c.verdict(); err != nil {
		return invalidPredicate(predicateType, err)
	}
	return nil
}

func invalidPredicate(predicateType string, err error) error {
	e := fault.Wrap(fault.PredicateInvalid, err, "predicate does not follow %s", predicateType)
	if errors.Is(err, errNoDecision) {
		e.Reason = fault.DecisionRequired
	}
	return e
}

// checker is a Visitor that finds the first thing that breaks a shape. It wants nothing
// more from then on.
type checker struct {
	root  string
	shape shape
	seen  map[string]int
	texts distinct
	key   []byte
	bad   error
}

// distinct are the texts of the elements of one array, which must differ. Arrays of
// texts hold no others, so one at a time is enough.
type distinct struct {
	array string // its path
	texts map[string]bool
}

var _ canonical.Visitor = (*checker)(nil)

func newChecker(s shape, root string) *checker {
	return &checker{root: root, shape: s, seen: make(map[string]int)}
}

// at returns the path under the root as a pattern, and whether it is there.
func (c *checker) at(path []byte) (string, bool) {
	rest, ok := strings.CutPrefix(string(path), c.root)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	c.key = appendPattern(c.key[:0], []byte(rest))
	return string(c.key), true
}

// Visit implements canonical.Visitor.
func (c *checker) Visit(path []byte, kind canonical.Kind) canonical.Action {
	if len(path) == 0 && c.root != "" {
		return canonical.Enter
	}
	at, ok := c.at(path)
	if !ok || c.bad != nil {
		return canonical.Skip
	}
	r, known := c.shape[at]
	c.seen[at]++
	switch {
	case c.overfull(at, path):
	case !known && c.inOpen(at):
	case !known:
		c.fail("it has an unknown member %.100q", path)
	case r.kind != kind:
		c.fail("%.100q is of kind %s, not %s", path, kind, r.kind)
	case r.opaque:
	case kind == canonical.Object, kind == canonical.Array:
		return canonical.Enter
	case r.check != nil:
		return canonical.Text
	}
	return canonical.Skip
}

// inOpen reports whether a member without a rule may be where it is.
func (c *checker) inOpen(at string) bool {
	parent, _, ok := cutLast(at)
	return ok && c.shape[parent].open
}

// overfull reports whether a value is an element more than its array may have, which is
// said before all of them were looked at.
func (c *checker) overfull(at string, path []byte) bool {
	parent, _, _ := cutLast(at)
	size := c.shape[parent].size
	if size.most == 0 {
		return false
	}
	array, step, _ := cutLast(string(path))
	if n, err := strconv.Atoi(step); err != nil || n < size.most {
		return false
	}
	c.failSize(array, size)
	return true
}

func (c *checker) failSize(array string, size bounds) {
	c.fail("%.100q is not an array of %d to %d %s", array, size.least, size.most, size.noun)
}

// Value implements canonical.Visitor.
func (c *checker) Value(path []byte, v canonical.Value) error {
	at, ok := c.at(path)
	r := c.shape[at]
	if !ok || c.bad != nil {
		return nil
	}
	text := string(v.Data)
	switch {
	case v.Kind == canonical.Array:
		if r.size.most > 0 && (v.Count < r.size.least || v.Count > r.size.most) {
			c.failSize(string(path), r.size)
		}
	case v.Kind == canonical.Object:
		text = strconv.Itoa(v.Count)
	case strings.HasSuffix(at, "/*") && c.texts.repeats(path, text):
		c.fail("%.100q repeats %.100q", path, text)
	}
	if r.check != nil {
		if why := r.check(text); why != "" {
			c.fail("%.100q is %.100q, not %s", path, text, why)
		}
	}
	return nil
}

// repeats reports whether an element of the same array has this text already.
func (d *distinct) repeats(path []byte, text string) bool {
	if array, _, _ := cutLast(string(path)); d.texts == nil || array != d.array {
		d.array, d.texts = array, make(map[string]bool)
	}
	again := d.texts[text]
	d.texts[text] = true
	return again
}

func (c *checker) fail(format string, args ...any) {
	if c.bad == nil {
		c.bad = fmt.Errorf(format, args...)
	}
}

var errNoDecision = errors.New("it states no decision")

// verdict looks for what is missing.
func (c *checker) verdict() error {
	if c.bad != nil {
		return c.bad
	}
	for _, path := range slices.Sorted(maps.Keys(c.shape)) {
		parent, _, _ := cutLast(path)
		switch r := c.shape[path]; {
		case !r.required || c.seen[path] >= c.seen[parent]: // no object has a member twice
		case path == "/decision":
			return errNoDecision
		default:
			return fmt.Errorf("it has no %q", path)
		}
	}
	if c.seen[""] == 0 {
		return errors.New("there is none")
	}
	return nil
}

func cutLast(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}
