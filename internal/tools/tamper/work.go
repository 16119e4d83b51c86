package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// work is a snapshot while somebody tampers with it. The first thing that cannot be done
// stays in err, and nothing is done after it.
type work struct {
	*spoils
	members
	// onTar and onFile, if they are set, change the archive before and after it is
	// compressed.
	onTar, onFile func([]byte) []byte
	err           error
}

func (w *work) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// place returns where a member is, -1 after a failure.
func (w *work) place(name string) int {
	i := w.index(name)
	if i < 0 {
		w.fail("the snapshot has no %s", name)
	}
	if w.err != nil {
		return -1
	}
	return i
}

// content returns that of a member.
func (w *work) content(name string) string {
	if i := w.place(name); i >= 0 {
		return w.members[i].content
	}
	return ""
}

// edit changes the content of a member, and fails if that leaves it as it is.
func (w *work) edit(name string, change func(string) string) {
	i := w.place(name)
	if i < 0 {
		return
	}
	changed := change(w.members[i].content)
	if changed == w.members[i].content {
		w.fail("%s was not changed", name)
	}
	w.members[i].content = changed
}

// replace puts a member in the place of the one called name.
func (w *work) replace(name string, x member) {
	if i := w.place(name); i >= 0 {
		w.members[i] = x
	}
}

// remove takes a member out.
func (w *work) remove(name string) {
	if i := w.place(name); i >= 0 {
		w.members = slices.Delete(w.members, i, i+1)
	}
}

// before puts a member before another one.
func (w *work) before(name string, x member) {
	if i := w.place(name); i >= 0 {
		w.members = slices.Insert(w.members, i, x)
	}
}

// last puts a member behind all others.
func (w *work) last(x member) { w.members = append(w.members, x) }

// move puts a member before another one.
func (w *work) move(name, before string) {
	x := member{name: name, content: w.content(name)}
	w.remove(name)
	w.before(before, x)
}

// exchange gives each of two members the content of the other.
func (w *work) exchange(a, b string) {
	old := w.content(a)
	w.edit(a, func(string) string { return w.content(b) })
	w.edit(b, func(string) string { return old })
}

// takeOver takes a member of the other snapshot in place of the one of this.
func (w *work) takeOver(names ...string) {
	for _, name := range names {
		i := w.other.index(name)
		if i < 0 {
			w.fail("there is no other snapshot with a %s", name)
			return
		}
		w.edit(name, func(string) string { return w.other[i].content })
	}
}

// flip flips the lowest bit of the byte in the middle.
func flip(s string) string {
	b := []byte(s)
	b[len(b)/2] ^= 1
	return string(b)
}

// swap returns a change that puts one text in place of another, once.
func swap(old, by string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, by, 1) }
}

// digit returns a change to the first decimal digit behind where the expression matches:
// a hex number stays one.
func digit(behind string) func(string) string {
	return func(s string) string {
		found := regexp.MustCompile(behind).FindStringIndex(s)
		if found == nil {
			return s
		}
		b := []byte(s)
		if i := strings.IndexAny(s[found[1]:], "0123456789"); i >= 0 {
			b[found[1]+i] ^= 1
		}
		return string(b)
	}
}

// lines returns a change to the lines of a text, each with its line feed.
func lines(change func([]string) []string) func(string) string {
	return func(s string) string {
		l := slices.Collect(strings.Lines(s))
		return strings.Join(change(l), "")
	}
}
