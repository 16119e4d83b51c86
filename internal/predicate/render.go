package predicate

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Line is one thing that a predicate says, for people. Its text is the signer's and
// may hold anything.
type Line struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

const (
	// maxLines bounds the lines about the elements of one list.
	maxLines = 10
	// maxLineText bounds the text of one line, in bytes.
	maxLineText = 400
	// maxCells bounds the values that are kept of one member.
	maxCells = 4096
)

// row is how a part of a predicate is shown: the values at its paths, in which * stands
// for any index, side by side. Of an array at a path the number of elements is shown. A row
// whose paths lead through an array has a line for each of its elements.
type row struct {
	label string
	paths []string
}

// Render returns what the predicate in a statement says, in readable lines. They are
// few, whatever the predicate's size: it is no dump. A type without rows here has no
// lines. The statement is read once, in constant memory.
func Render(predicateType string, statement io.Reader) ([]Line, error) {
	return render(predicateType, "/predicate", statement)
}

// RenderBare is Render for a predicate without a statement around it.
func RenderBare(predicateType string, predicate io.Reader) ([]Line, error) {
	return render(predicateType, "", predicate)
}

func render(predicateType, root string, text io.Reader) ([]Line, error) {
	rows := rowsOf(predicateType)
	if len(rows) == 0 {
		return nil, nil
	}
	r := &renderer{root: root, wanted: make(map[string]bool), inner: map[string]bool{"": true}, cells: make(map[string][]cell)}
	for _, row := range rows {
		for _, path := range row.paths {
			r.want(path)
		}
	}
	if _, err := canonical.ScanWrapped(text, r); err != nil {
		return nil, err
	}
	var lines []Line
	for _, row := range rows {
		lines = append(lines, r.lines(row)...)
	}
	return lines, nil
}

// rowsOf returns the rows of a type in any of its spellings.
func rowsOf(predicateType string) []row {
	for uri, rows := range rows() {
		if slices.Contains(Spellings(uri), predicateType) {
			return rows
		}
	}
	return nil
}

// cell is one value, and the element that it belongs to.
type cell struct {
	element string // the path of the element of the outermost array, "" for none
	text    string
}

// renderer is a Visitor that keeps the values at the wanted paths.
type renderer struct {
	root   string // the path of the predicate
	wanted map[string]bool
	inner  map[string]bool // what must be entered on the way
	cells  map[string][]cell
	key    []byte
}

var _ canonical.Visitor = (*renderer)(nil)

func (r *renderer) want(path string) {
	r.wanted[path] = true
	for {
		parent, _, ok := cutLast(path)
		if !ok {
			return
		}
		r.inner[parent] = true
		path = parent
	}
}

// at returns the path under the predicate, also as a pattern.
func (r *renderer) at(path []byte) (below, pattern string, ok bool) {
	below, ok = strings.CutPrefix(string(path), r.root)
	if !ok || below != "" && below[0] != '/' {
		return "", "", false
	}
	r.key = appendPattern(r.key[:0], []byte(below))
	return below, string(r.key), true
}

// Visit implements canonical.Visitor.
func (r *renderer) Visit(path []byte, kind canonical.Kind) canonical.Action {
	_, at, ok := r.at(path)
	compound := kind == canonical.Object || kind == canonical.Array
	switch {
	case len(path) == 0 && r.root != "":
		return canonical.Enter
	case !ok:
		return canonical.Skip
	case r.inner[at] && compound:
		return canonical.Enter
	case !r.wanted[at], len(r.cells[at]) >= maxCells:
		return canonical.Skip
	case compound:
		return canonical.Count
	}
	return canonical.Text
}

// Value implements canonical.Visitor.
func (r *renderer) Value(path []byte, v canonical.Value) error {
	below, at, ok := r.at(path)
	if !ok || !r.wanted[at] {
		return nil
	}
	text := string(v.Data)
	if v.Kind == canonical.Array || v.Kind == canonical.Object {
		text = fmt.Sprint(v.Count)
	}
	r.cells[at] = append(r.cells[at], cell{elementOf(below, at), text})
	return nil
}

// elementOf returns the path of the element of the outermost array that a path below the
// predicate leads through.
func elementOf(path, pattern string) string {
	before, _, found := strings.Cut(pattern, "/*")
	if !found {
		return ""
	}
	steps := strings.Count(before, "/") + 1 // below the predicate
	for i, c := range path {
		if c == '/' {
			if steps--; steps < 0 {
				return path[:i]
			}
		}
	}
	return path
}

// lines returns the lines of a row.
func (r *renderer) lines(row row) []Line {
	var elements []string
	texts := make(map[string][]string)
	for _, path := range row.paths {
		for _, c := range r.cells[path] {
			if texts[c.element] == nil {
				elements = append(elements, c.element)
			}
			texts[c.element] = append(texts[c.element], c.text)
		}
	}
	var out []Line
	for i, e := range elements {
		if i == maxLines {
			return append(out, Line{row.label, fmt.Sprintf("and %d more", len(elements)-i)})
		}
		out = append(out, Line{row.label, clip(strings.Join(texts[e], "  "))})
	}
	return out
}

// clip cuts a text to what is shown of it, between characters.
func clip(s string) string {
	if len(s) <= maxLineText {
		return s
	}
	return strings.ToValidUTF8(s[:maxLineText], "") + "…"
}
