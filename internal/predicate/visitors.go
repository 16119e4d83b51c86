package predicate

import (
	"bytes"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// visitors look at one text together, in one scan. Each sees what it would see alone.
type visitors []*visitor

// visitor is one of them, and what it does not want to see.
type visitor struct {
	canonical.Visitor
	outside bool   // whether there is a value that it did not enter
	closed  []byte // the path of the last such value
	ends    bool   // whether it wants to know of that value's end
}

var _ canonical.Visitor = visitors(nil)

// Visit implements canonical.Visitor: it asks for the most that anyone wants. None of them
// asks for the text of an object or array.
func (all visitors) Visit(path []byte, kind canonical.Kind) canonical.Action {
	most := canonical.Skip
	for _, v := range all {
		if !v.within(path) {
			most = max(most, v.visit(path, kind))
		}
	}
	return most
}

// Value implements canonical.Visitor.
func (all visitors) Value(path []byte, value canonical.Value) error {
	for _, v := range all {
		if v.within(path) || v.outside && !v.ends && bytes.Equal(path, v.closed) {
			continue
		}
		if err := v.Visitor.Value(path, value); err != nil {
			return err
		}
	}
	return nil
}

// within reports whether path is inside a value that v did not enter.
func (v *visitor) within(path []byte) bool {
	n := len(v.closed)
	return v.outside && len(path) > n && path[n] == '/' && bytes.Equal(path[:n], v.closed)
}

func (v *visitor) visit(path []byte, kind canonical.Kind) canonical.Action {
	action := v.Visitor.Visit(path, kind)
	v.outside = action != canonical.Enter
	if v.outside {
		v.closed, v.ends = append(v.closed[:0], path...), action != canonical.Skip
	}
	return action
}
