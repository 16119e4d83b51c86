package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/spelling"
)

// failAt is an error about a line of a file, 0 for all of it, and a JSON pointer
// (RFC 6901), empty for none.
func failAt(source string, line int, pointer, format string, args ...any) *fault.Error {
	where := input.Display(source)
	if line > 0 {
		where = fmt.Sprintf("%s, line %d", where, line)
	}
	what := fmt.Sprintf(format, args...)
	if pointer != "" {
		what = pointer + " " + what
	}
	err := fault.New(fault.PolicyMalformed, "malformed %s: %s", where, what).With("path", source)
	if line > 0 {
		err.With("line", strconv.Itoa(line))
	}
	if pointer != "" {
		err.With("pointer", pointer)
	}
	return err
}

// object reads one mapping of a file member by member. All objects of a file
// share its state, and the first error of any of them is kept there, so that a
// reader is a list of what it wants.
type object struct {
	*file
	pointer string
	node    *node
}

// file is what the objects of one file share.
type file struct {
	source   string
	err      error
	patterns int
}

// keep makes err the file's error unless it has one.
func (f *file) keep(err error) {
	if f.err == nil {
		f.err = err
	}
}

// newObject returns the object that n is, which stands at pointer.
func (f *file) newObject(pointer string, n *node) *object {
	o := &object{file: f, pointer: pointer, node: n}
	if n.kind != mapping {
		f.keep(failAt(f.source, n.line, pointer, "is %s, not a mapping", n.kind))
		o.node = &node{kind: mapping, line: n.line}
	}
	return o
}

// fail is an error about a member, or with "" about the object.
func (o *object) fail(member, format string, args ...any) *fault.Error {
	line, pointer := o.node.line, o.pointer
	if member != "" {
		pointer += "/" + member
		if n := o.find(member); n != nil {
			line = n.line
		}
	}
	return failAt(o.source, line, pointer, format, args...)
}

// find returns the value of a member, or of an element of one, name/0; nil if it
// is not there.
func (o *object) find(member string) *node {
	name, index, isElement := strings.Cut(member, "/")
	i := slices.IndexFunc(o.node.names, func(n *node) bool { return n.text == name })
	if i < 0 {
		return nil
	}
	n := o.node.items[i]
	if k, err := strconv.Atoi(index); isElement && err == nil && k < len(n.items) {
		return n.items[k]
	}
	return n
}

func (o *object) has(member string) bool { return o.find(member) != nil }

// member returns the value of a member if it is of the wanted kind, else nil.
func (o *object) member(name string, must bool, want kind) *node {
	n := o.find(name)
	switch {
	case n == nil && must:
		o.keep(o.fail(name, "is missing"))
	case n == nil:
	case n.kind != want:
		o.keep(o.wrongKind(name, n, want))
	default:
		return n
	}
	return nil
}

func (o *object) wrongKind(name string, n *node, want kind) *fault.Error {
	err := o.fail(name, "is %s, not %s", n.kind, want)
	if want == text && n.kind != mapping && n.kind != sequence && n.text != "" {
		return err.WithHint("put the value in quotes")
	}
	if want == boolean && n.kind == yamlBool {
		return err.WithHint("write %s", strings.ToLower(n.text))
	}
	return err
}

// text returns a text of 1 to limit characters that is what is wanted.
func (o *object) text(name string, must bool, limit int, want wanted) string {
	if n := o.find(name); n != nil && n.kind != text && !want.is(n.text) {
		o.keep(o.wrongKind(name, n, text).WithHint("write %s", want.what)) // in quotes it would be as wrong
		return ""
	}
	n := o.member(name, must, text)
	if n == nil {
		return ""
	}
	return o.checkText(name, n, limit, want)
}

func (o *object) checkText(name string, n *node, limit int, want wanted) string {
	switch count := utf8.RuneCountInString(n.text); {
	case count == 0:
		o.keep(o.fail(name, "is empty"))
	case count > limit:
		o.keep(o.fail(name, "has more than %d characters", limit))
	case !want.is(n.text):
		o.keep(o.fail(name, "has a value that is not allowed: %q is not %s", clip(n.text), want.what))
	}
	return n.text
}

// list returns the 1 to limit elements of a list; none if it is not there.
func (o *object) list(name string, must bool, limit int) []*node {
	n := o.member(name, must, sequence)
	switch {
	case n == nil:
		return nil
	case len(n.items) == 0:
		o.keep(o.fail(name, "is empty"))
	case len(n.items) > limit:
		o.keep(o.fail(name, "has more than %d elements", limit))
		return nil
	}
	return n.items
}

// texts returns a list of different texts.
func (o *object) texts(name string, limit int, want wanted) []string {
	var out []string
	for i, n := range o.list(name, false, maxList) {
		element := fmt.Sprintf("%s/%d", name, i)
		if n.kind != text {
			o.keep(o.wrongKind(element, n, text))
			return nil
		}
		s := o.checkText(element, n, limit, want)
		if slices.Contains(out, s) {
			o.keep(o.fail(element, "stands twice: %q", clip(s)))
		}
		out = append(out, s)
	}
	return out
}

// objects returns a list of objects.
func (o *object) objects(name string, must bool, limit int) []*object {
	var out []*object
	for i, n := range o.list(name, must, limit) {
		out = append(out, o.newObject(fmt.Sprintf("%s/%s/%d", o.pointer, name, i), n))
	}
	return out
}

// child returns the object that is a member, or nil if it is not there.
func (o *object) child(name string) *object {
	n := o.find(name)
	if n == nil {
		return nil
	}
	return o.newObject(o.pointer+"/"+name, n)
}

// count returns a whole number from 1 to most, or 0 if it is not there.
func (o *object) count(name string, most int) int {
	n := o.member(name, false, number)
	if n == nil {
		return 0
	}
	value, err := strconv.Atoi(n.text)
	if err != nil || strconv.Itoa(value) != n.text || value < 1 || value > most {
		o.keep(o.fail(name, "is not a whole number from 1 to %d", most))
		return 0
	}
	return value
}

// flag returns true if a member is there and true. False is what leaving it out
// means, and may be written.
func (o *object) flag(name string) bool {
	n := o.member(name, false, boolean)
	return n != nil && n.text == "true"
}

// close refuses members that are not known.
func (o *object) close(known ...string) {
	for _, n := range o.node.names {
		if !slices.Contains(known, n.text) {
			o.keep(failAt(o.source, n.line, o.pointer, "has an unknown member %q", clip(n.text)).
				WithHint("the nearest known member is %q", spelling.Closest(clip(n.text), known)))
		}
	}
}

// clip bounds a text of the file in a message.
func clip(s string) string {
	const limit = 60
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
