package strictjson

import (
	"bytes"
	"encoding/json/jsontext"
	"unicode/utf8"

	"github.com/stellaops/stella/internal/jsonlex"
)

// Bounds of what plain reads; what goes beyond them is for the library.
const (
	maxPlainDepth = 8
	maxPlainNames = 32 // of all objects that are open
)

// plain reads JSON where it stands in memory, token by token, as long as it is written as
// most programs write it: without escape sequences, in little depth, with few members in
// an object. It refuses nothing: where it cannot go on, it stays behind the last token
// that it has read, and the library reads on from there and judges (Decoder.leave). What it
// reads, the library would read as the same tokens; FuzzPlain holds it to that.
type plain struct {
	text []byte
	end  int // of the last token that was read
	next int // where the token behind that begins, or unknown

	depth int
	open  [maxPlainDepth + 1]frame // the document, and what is open in it
	names [maxPlainNames]span
	named int // how many names there are
}

const unknown = -1

// frame is an object or array that is open, or the document.
type frame struct {
	object bool
	tokens int // values that it has, and names of members
	names  int // where its names begin
}

// span is a part of the text.
type span struct{ begin, end int }

func (p *plain) reset(text []byte) {
	p.text, p.end, p.next = text, 0, unknown
	p.depth, p.named, p.open[0] = 0, 0, frame{}
}

// find sets p.next, unless nothing well-formed follows.
func (p *plain) find() bool {
	if p.next != unknown {
		return true
	}
	i := p.behindSpace(p.end)
	if i == len(p.text) {
		return false
	}
	f, c := &p.open[p.depth], p.text[i]
	switch {
	case p.depth == 0 && f.tokens > 0:
		return false // another document
	case f.tokens == 0, c == '}' || c == ']':
		p.next = i
		return true
	case c != f.delimiter():
		return false
	}
	i = p.behindSpace(i + 1)
	if i == len(p.text) || p.text[i] == '}' || p.text[i] == ']' {
		return false
	}
	p.next = i
	return true
}

// behindSpace returns the index of what follows at or after i but white space.
func (p *plain) behindSpace(i int) int {
	if i < len(p.text) && p.text[i] > ' ' {
		return i
	}
	return jsonlex.SpaceEnd(p.text, i)
}

// delimiter returns what stands before the next token of f, which is not the first.
func (f *frame) delimiter() byte {
	if f.wantsValue() {
		return ':'
	}
	return ','
}

// wantsValue reports whether a name stands before the next token.
func (f *frame) wantsValue() bool { return f.object && f.tokens%2 == 1 }

// kind returns the kind of the next token.
func (p *plain) kind() (jsontext.Kind, bool) {
	if !p.find() {
		return 0, false
	}
	switch c := p.text[p.next]; c {
	case '{', '[', '"', 't', 'f', 'n':
		return jsontext.Kind(c), true
	case '}', ']':
		return jsontext.Kind(c), p.closes(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return '0', true
	}
	return 0, false
}

// closes reports whether c closes what is open.
func (p *plain) closes(c byte) bool {
	f := &p.open[p.depth]
	if f.object {
		return c == '}' && !f.wantsValue()
	}
	return c == ']' && p.depth > 0
}

// token reads the next token, of whatever kind.
func (p *plain) token() bool {
	if !p.find() {
		return false
	}
	end := p.next + 1
	switch f, c := &p.open[p.depth], p.text[p.next]; {
	case c == '}' || c == ']':
		if !p.closes(c) {
			return false
		}
		p.named = f.names
		p.depth--
	case f.object && !f.wantsValue():
		_, ok := p.name()
		return ok
	case c == '{' || c == '[':
		if p.depth == maxPlainDepth {
			return false
		}
		f.tokens++
		p.depth++
		p.open[p.depth] = frame{object: c == '{', names: p.named}
	default:
		if end = scalarEnd(p.text, p.next); end == unknown {
			return false
		}
		f.tokens++
	}
	p.end, p.next = end, unknown
	return true
}

// name reads the name of a member, and returns it without its quotes.
func (p *plain) name() ([]byte, bool) {
	if !p.find() || p.named == maxPlainNames || p.text[p.next] != '"' {
		return nil, false
	}
	end := stringEnd(p.text, p.next)
	if end == unknown {
		return nil, false
	}
	f, at := &p.open[p.depth], span{p.next + 1, end - 1}
	name := p.text[at.begin:at.end]
	for _, other := range p.names[f.names:p.named] {
		if bytes.Equal(name, p.text[other.begin:other.end]) {
			return nil, false
		}
	}
	p.names[p.named] = at
	p.named++
	f.tokens++
	p.end, p.next = end, unknown
	return name, true
}

// value reads a value of whatever kind, and returns it as it is written.
func (p *plain) value() ([]byte, bool) {
	if !p.find() {
		return nil, false
	}
	before, begin, depth := p.end, p.next, p.depth
	for p.token() && p.depth >= depth {
		if p.depth == depth {
			return p.text[begin:p.end:p.end], true
		}
	}
	p.end = before // where the library begins
	return nil, false
}

// atEnd reports whether a document was read and nothing is behind it.
func (p *plain) atEnd() bool {
	return p.depth == 0 && p.open[0].tokens == 1 && jsonlex.SpaceEnd(p.text, p.end) == len(p.text)
}

// scalarEnd returns the index after the string, the number or the word at i, or unknown.
func scalarEnd(text []byte, i int) int {
	c := text[i]
	if c == '"' {
		return stringEnd(text, i)
	}
	if word := jsonlex.Literal(c); word != "" {
		if bytes.HasPrefix(text[i:], []byte(word)) {
			return i + len(word)
		}
		return unknown
	}
	return integerEnd(text, i)
}

// stringEnd returns the index after the string that begins with the quote at i, or unknown.
func stringEnd(text []byte, i int) int {
	end := jsonlex.PlainEnd(text, i+1)
	for end < len(text) && text[end] >= utf8.RuneSelf {
		_, size := utf8.DecodeRune(text[end:])
		if size == 1 {
			return unknown // no UTF-8
		}
		end = jsonlex.PlainEnd(text, end+size)
	}
	if end == len(text) || text[end] != '"' {
		return unknown
	}
	return end + 1
}

// integerEnd returns the index after the number at i, or unknown if it is no integer.
func integerEnd(text []byte, i int) int {
	if text[i] == '-' {
		i++
	}
	end := jsonlex.DigitsEnd(text, i)
	if end == i || text[i] == '0' && end > i+1 {
		return unknown
	}
	if end < len(text) && (text[end] == '.' || text[end]|0x20 == 'e') {
		return unknown
	}
	return end
}
