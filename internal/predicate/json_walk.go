package predicate

import (
	"bytes"
	"slices"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Bounds on what is kept of one document.
const (
	// maxTexts bounds the distinct values of one member: enough for the names
	// of all classes of SPDX 3.
	maxTexts = 128
	// maxTextSize bounds one of them, in bytes: longer ones are no word of any
	// format and are not kept.
	maxTextSize = 1 << 10
	// maxNames bounds the names of the top level. Known formats have 15.
	maxNames = 256
)

// want is something that a format looks for: the values at a path, in which *
// stands for any index, that are of one kind.
type want struct {
	path   string
	kind   canonical.Kind
	action canonical.Action
}

func text(path string) want   { return want{path, canonical.String, canonical.Text} }
func number(path string) want { return want{path, canonical.Number, canonical.Text} }
func count(path string) want  { return want{path, canonical.Array, canonical.Count} }
func has(path string) want    { return want{path, canonical.Object, canonical.Count} }
func list(path string) want   { return want{path, canonical.Array, canonical.Enter} }
func object(path string) want { return want{path, canonical.Object, canonical.Enter} }

// fact is what was found of a want.
type fact struct {
	action canonical.Action
	seen   int      // how many values
	items  int      // how many members or elements they have together
	texts  []string // their distinct texts, in order of appearance
	counts []int    // how often each of texts appeared
}

// facts is what the formats look for in one JSON text. It is a Visitor of
// canonical.Scan, the only place where documents meet the tokenizer.
type facts struct {
	names []string // of the top level, in order of appearance
	found map[string]*fact
	key   []byte // scratch
}

var _ canonical.Visitor = (*facts)(nil)

// newFacts looks for wants.
func newFacts(wants []want) *facts {
	f := &facts{found: map[string]*fact{string(rune(canonical.Object)): {action: canonical.Enter}}}
	for _, w := range wants {
		key := w.path + string(rune(w.kind))
		if old := f.found[key]; old == nil || old.action < w.action {
			f.found[key] = &fact{action: w.action}
		}
	}
	return f
}

// Visit implements canonical.Visitor.
func (f *facts) Visit(path []byte, kind canonical.Kind) canonical.Action {
	f.key = appendPattern(f.key[:0], path)
	if len(path) > 0 && !bytes.ContainsRune(path[1:], '/') && len(f.names) < maxNames {
		f.names = append(f.names, string(path[1:]))
	}
	if found, ok := f.found[string(append(f.key, byte(kind)))]; ok {
		return found.action
	}
	return canonical.Skip
}

// Value implements canonical.Visitor.
func (f *facts) Value(path []byte, v canonical.Value) error {
	f.key = append(appendPattern(f.key[:0], path), byte(v.Kind))
	found := f.found[string(f.key)]
	found.seen++
	found.items += v.Count
	if found.action == canonical.Text {
		found.keep(string(v.Data))
	}
	return nil
}

func (f *fact) keep(text string) {
	if i := slices.Index(f.texts, text); i >= 0 {
		f.counts[i]++
	} else if len(text) <= maxTextSize && len(f.texts) < maxTexts {
		f.texts, f.counts = append(f.texts, text), append(f.counts, 1)
	}
}

// appendPattern appends path with each all-digit step below the top level
// written as *.
func appendPattern(dst, path []byte) []byte {
	for start := 0; start < len(path); {
		end := start + 1
		digits := start > 0
		for end < len(path) && path[end] != '/' {
			digits = digits && path[end]-'0' <= 9
			end++
		}
		if digits && end > start+1 {
			dst = append(dst, '/', '*')
		} else {
			dst = append(dst, path[start:end]...)
		}
		start = end
	}
	return dst
}

func (f *facts) of(kind canonical.Kind, path string) fact {
	if found := f.found[path+string(rune(kind))]; found != nil {
		return *found
	}
	return fact{}
}

// text returns the text at path, the first of several, or "".
func (f *facts) text(path string) string {
	if texts := f.texts(path); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

func (f *facts) texts(path string) []string { return f.of(canonical.String, path).texts }

// times returns how often text stands at path.
func (f *facts) times(path, text string) int {
	found := f.of(canonical.String, path)
	if i := slices.Index(found.texts, text); i >= 0 {
		return found.counts[i]
	}
	return 0
}

// number returns the source text of the number at path, or "".
func (f *facts) number(path string) string {
	if texts := f.of(canonical.Number, path).texts; len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// items returns how many elements the arrays at path have together.
func (f *facts) items(path string) int { return f.of(canonical.Array, path).items }

// arrays returns how many arrays there are at path.
func (f *facts) arrays(path string) int { return f.of(canonical.Array, path).seen }

// array reports whether there is an array at path.
func (f *facts) array(path string) bool { return f.arrays(path) > 0 }

// object reports whether there is an object at path.
func (f *facts) object(path string) bool { return f.of(canonical.Object, path).seen > 0 }

// count returns how many objects there are at path.
func (f *facts) count(path string) int { return f.of(canonical.Object, path).seen }

// top reports whether the top level has a member called name, of any kind.
func (f *facts) top(name string) bool { return slices.Contains(f.names, name) }
