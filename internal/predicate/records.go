package predicate

import (
	"bytes"

	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// record is what was asked for of one element of an array at the top level.
type record struct {
	texts map[string]string
	raws  map[string][]byte
	lists map[string][]string
}

// records is a Visitor that goes through arrays of the top level, element by
// element, in memory for one element.
type records struct {
	// members says for each array which members of its elements are wanted:
	// as Text, as Raw, or with Enter as a list of strings. The name "" stands
	// for an element that is a string itself.
	members map[string]map[string]canonical.Action
	// each is called at the end of each element.
	each func(array string, r *record) error

	current record
}

var _ canonical.Visitor = (*records)(nil)

// steps counts the steps of a path, up to five, and returns the first and the
// third.
func steps(path []byte) (n int, array, member []byte) {
	for len(path) > 0 && n < 5 {
		step := path[1:]
		path = nil
		if end := bytes.IndexByte(step, '/'); end >= 0 {
			step, path = step[:end], step[end:]
		}
		switch n++; n {
		case 1:
			array = step
		case 3:
			member = step
		}
	}
	return n, array, member
}

// Visit implements canonical.Visitor.
func (r *records) Visit(path []byte, kind canonical.Kind) canonical.Action {
	n, array, member := steps(path)
	action := r.members[string(array)][string(member)]
	switch {
	case n == 0 && kind == canonical.Object:
		return canonical.Enter
	case n == 1 && kind == canonical.Array && r.members[string(array)] != nil:
		return canonical.Enter
	case n == 2 && kind == canonical.Object:
		r.current = record{make(map[string]string), make(map[string][]byte), make(map[string][]string)}
		return canonical.Enter
	case n == 2 && kind == canonical.String && action == canonical.Text:
		return canonical.Text
	case n == 3 && wanted(action, kind):
		return action
	case n == 4 && kind == canonical.String:
		return canonical.Text
	}
	return canonical.Skip
}

// wanted reports whether an action fits a kind: what is of another kind is not
// what the format has there, and is passed over.
func wanted(action canonical.Action, kind canonical.Kind) bool {
	switch action {
	case canonical.Text:
		return kind == canonical.String
	case canonical.Enter:
		return kind == canonical.Array
	}
	return action == canonical.Raw
}

// Value implements canonical.Visitor.
func (r *records) Value(path []byte, v canonical.Value) error {
	n, array, member := steps(path)
	switch {
	case n == 2 && v.Kind == canonical.String:
		return r.each(string(array), &record{texts: map[string]string{"": string(v.Data)}})
	case n == 2:
		return r.each(string(array), &r.current)
	case n == 3 && v.Kind == canonical.String:
		r.current.texts[string(member)] = string(v.Data)
	case n == 3 && v.Data != nil:
		r.current.raws[string(member)] = v.Data
	case n == 4 && len(r.current.lists[string(member)]) <= intoto.MaxSubjects:
		r.current.lists[string(member)] = append(r.current.lists[string(member)], string(v.Data))
	}
	return nil
}
