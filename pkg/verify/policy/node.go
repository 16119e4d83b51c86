package policy

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// kind is what sort of value a node is.
type kind string

const (
	mapping  kind = "a mapping"
	sequence kind = "a list"
	text     kind = "text"
	number   kind = "a number"
	boolean  kind = "true or false"
	null     kind = "nothing"
	yamlBool kind = "a word that only YAML takes for true or false"
	other    kind = "a time or binary value"
)

// node is a value of a policy file, from YAML or from JSON.
type node struct {
	kind kind
	text string // of a scalar, as it means
	// line and column are where it begins, from 1; quoted says that its text begins
	// one column later.
	line, column  int
	quoted, lines bool    // lines: its text is spread over several
	names         []*node // of a mapping's members, in order
	items         []*node // their values, or the elements of a list
}

// tree reads the whole text of a file into nodes. What YAML can do beyond JSON
// values is refused here: anchors, aliases, merge keys, tags, further documents,
// and the same name twice.
func tree(source string, b []byte) (*node, error) {
	if len(b) > MaxSize {
		return nil, fault.New(fault.InputTooLarge, "%s is larger than the limit of %d bytes for a policy", input.Display(source), MaxSize).With("path", source)
	}
	t := &reader{source: source}
	if !utf8.Valid(b) || bytes.HasPrefix(b, []byte("\ufeff")) || bytes.IndexByte(b, 0) >= 0 {
		return nil, t.fail(0, "is not UTF-8 text without a byte order mark")
	}
	if trimmed := bytes.TrimLeft(b, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return t.fromJSON(b)
	}
	return t.fromYAML(b)
}

// reader turns text into nodes.
type reader struct {
	source string
	nodes  int
}

// fail is an error about a line of the file, or with 0 about all of it.
func (t *reader) fail(line int, format string, args ...any) *fault.Error {
	return failAt(t.source, line, "", format, args...)
}

// invisible reports whether a text holds what a reader of the file cannot see or
// what changes the order of what they see: a policy is what people think it is.
func invisible(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool {
		return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	}) >= 0
}

func (t *reader) fromYAML(b []byte) (*node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	var document, more yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, t.fail(0, "is empty")
	} else if err != nil {
		return nil, t.syntax(err)
	}
	if err := decoder.Decode(&more); err == nil {
		return nil, t.fail(more.Line, "begins a second document").WithHint("keep one policy in a file")
	} else if !errors.Is(err, io.EOF) {
		return nil, t.syntax(err)
	}
	return t.yamlNode(document.Content[0], 0)
}

// syntax puts an error of the library into our words. It quotes nothing but
// names of anchors and tags.
func (t *reader) syntax(err error) error {
	return t.fail(0, "is not well-formed YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

func (t *reader) yamlNode(y *yaml.Node, depth int) (*node, error) {
	t.nodes++
	switch {
	case depth > MaxDepth:
		return nil, t.fail(y.Line, "is nested deeper than %d levels", MaxDepth)
	case t.nodes > maxNodes:
		return nil, t.fail(y.Line, "has more than %d values", maxNodes)
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		return nil, t.fail(y.Line, "uses an anchor or alias").WithHint("write the value out where it is needed")
	case y.Style&yaml.TaggedStyle != 0:
		return nil, t.fail(y.Line, "uses a tag").WithHint("write the value without %q", y.Tag)
	}
	n := &node{line: y.Line, column: y.Column, text: y.Value}
	switch y.Kind {
	case yaml.MappingNode:
		n.kind = mapping
		return n, t.yamlMembers(n, y.Content, depth)
	case yaml.SequenceNode:
		n.kind = sequence
		for _, c := range y.Content {
			item, err := t.yamlNode(c, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		return n, nil
	}
	if invisible(y.Value) {
		return nil, t.fail(y.Line, "holds an invisible character")
	}
	n.kind = scalarKind(y)
	n.quoted = y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	n.lines = y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	return n, nil
}

// scalarKind is what a plain value means. Only the words that JSON has are
// booleans, and what YAML takes for numbers in other notations is read as a
// number later on, and refused there.
func scalarKind(y *yaml.Node) kind {
	switch y.ShortTag() {
	case "!!str":
		return text
	case "!!int", "!!float":
		return number
	case "!!bool":
		if y.Value == "true" || y.Value == "false" {
			return boolean
		}
		return yamlBool
	case "!!null":
		return null
	}
	return other
}

func (t *reader) yamlMembers(n *node, content []*yaml.Node, depth int) error {
	for i := 0; i+1 < len(content); i += 2 {
		name := content[i]
		if name.Kind == yaml.ScalarNode && name.Tag == "!!merge" {
			return t.fail(name.Line, "uses a merge key").WithHint("write the members out where they are needed")
		}
		k, err := t.yamlNode(name, depth+1)
		if err != nil {
			return err
		}
		v, err := t.yamlNode(content[i+1], depth+1)
		if err != nil {
			return err
		}
		if err := t.addMember(n, k, v); err != nil {
			return err
		}
	}
	return nil
}

func (t *reader) addMember(n, name, value *node) error {
	if name.kind != text {
		return t.fail(name.line, "has a name that is %s", name.kind)
	}
	if len(n.names) == maxMembers {
		return t.fail(name.line, "has more than %d members in a mapping", maxMembers)
	}
	for _, have := range n.names {
		if have.text == name.text {
			return t.fail(name.line, "has the member %q twice, first in line %d", clip(name.text), have.line)
		}
	}
	n.names, n.items = append(n.names, name), append(n.items, value)
	return nil
}

// fromJSON reads JSON, whose parser tells where each token is.
func (t *reader) fromJSON(b []byte) (*node, error) {
	d := &jsonReader{reader: t, b: b, dec: jsontext.NewDecoder(bytes.NewReader(b), jsontext.AllowDuplicateNames(true)), line: 1}
	n, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, d.fail(d.lineAt(int(d.dec.InputOffset())), "has something after the end of its JSON object")
	}
	return n, nil
}

type jsonReader struct {
	*reader
	b    []byte
	dec  *jsontext.Decoder
	line int
	from int // how far lines were counted
	last int // where that line begins
}

// lineAt counts lines up to an offset, which never goes back.
func (d *jsonReader) lineAt(offset int) int {
	for d.from < offset {
		if d.b[d.from] == '\n' {
			d.line, d.last = d.line+1, d.from+1
		}
		d.from++
	}
	return d.line
}

func (d *jsonReader) broken(err error) error {
	line := 0
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		line = d.lineAt(min(int(se.ByteOffset), len(d.b)))
		err = se.Err
	}
	return d.fail(line, "is not well-formed JSON: %s", err)
}

func (d *jsonReader) value(depth int) (*node, error) {
	d.nodes++
	if depth > MaxDepth {
		return nil, d.fail(d.line, "is nested deeper than %d levels", MaxDepth)
	}
	if d.nodes > maxNodes {
		return nil, d.fail(d.line, "has more than %d values", maxNodes)
	}
	token, err := d.dec.ReadToken()
	if err != nil {
		return nil, d.broken(err)
	}
	end := int(d.dec.InputOffset())
	n := &node{}
	switch token.Kind() {
	case '{':
		n.kind = mapping
	case '[':
		n.kind = sequence
	case '"':
		n.kind, n.text, n.quoted = text, token.String(), true
	case '0':
		n.kind, n.text = number, token.String()
	case 't', 'f':
		n.kind, n.text = boolean, token.String()
	case 'n':
		n.kind = null
	}
	n.line = d.lineAt(d.startOf(n, end))
	if invisible(n.text) {
		return nil, d.fail(n.line, "holds an invisible character")
	}
	n.column = 1 + utf8.RuneCount(d.b[d.last:d.from])
	if n.kind == mapping || n.kind == sequence {
		return n, d.children(n, depth)
	}
	return n, nil
}

// startOf returns where a token that ended at end began. JSON's strings hold no
// line break, so for lines the last byte would do; for columns it goes back.
func (d *jsonReader) startOf(n *node, end int) int {
	if n.kind != text {
		return end - 1
	}
	for i := end - 2; i >= d.from; i-- {
		if d.b[i] == '"' && !escaped(d.b, i) {
			return i
		}
	}
	return end - 1
}

// escaped reports whether the byte at i stands after an odd number of
// backslashes.
func escaped(b []byte, i int) bool {
	n := 0
	for i > 0 && b[i-1] == '\\' {
		i, n = i-1, n+1
	}
	return n%2 == 1
}

func (d *jsonReader) children(n *node, depth int) error {
	for {
		switch d.dec.PeekKind() {
		case '}', ']':
			if _, err := d.dec.ReadToken(); err != nil { // the wrong one of the two
				return d.broken(err)
			}
			return nil
		}
		item, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		if n.kind == sequence {
			n.items = append(n.items, item)
			continue
		}
		value, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		if err := d.addMember(n, item, value); err != nil {
			return err
		}
	}
}
