package canonical

import (
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/jsonlex"
)

// A parser checks a text in one pass, computes how long its canonical form is,
// and indexes what is not in canonical order. Its methods take an index into
// the source and return the index after what they read, or -1 after they set
// the failure.
type parser struct {
	src     []byte
	exact   bool     // refuse numbers that rounding changes
	spaces  int      // bytes of white space so far
	rewrote int      // tokens so far that are not canonical
	saved   int      // bytes that rewriting them saves
	escaped bool     // the last string had an escape
	members []member // of the open objects, innermost last
	names   []byte   // unescaped names of members that had escapes
	pieces  store    // of the open arrays, innermost last
	index   store
	failure *failure
}

// changes counts what keeps a piece of source from being canonical as it
// stands. It never falls, so a piece over which it is constant is canonical.
func (p *parser) changes() int { return p.spaces + p.rewrote }

// text reads the whole source and returns the record of its value and where
// the value stands.
func (p *parser) text() (root record, start, end int, err error) {
	if len(p.src) > MaxSize {
		p.refuse(fault.InputTooLarge, MaxSize, tooLarge(MaxSize))
		return 0, 0, 0, p.failure.err()
	}
	start = p.skip(0)
	if start == len(p.src) {
		p.refuse(fault.InputEmpty, start, "text has no JSON value")
		return 0, 0, 0, p.failure.err()
	}
	end, root = p.value(start, 0)
	if end >= 0 {
		if i := p.skip(end); i < len(p.src) {
			p.wanted(i, "the end of the text")
		}
	}
	if p.failure != nil {
		return 0, 0, 0, p.failure.err()
	}
	return root, start, end, nil
}

// skip returns the index after the white space at i.
func (p *parser) skip(i int) int {
	if i < len(p.src) && p.src[i] > ' ' {
		return i
	}
	end := jsonlex.SpaceEnd(p.src, i)
	p.spaces += end - i
	return end
}

// at returns the byte at i, and 0 beyond the end; a NUL fits nowhere.
func (p *parser) at(i int) byte {
	if i < len(p.src) {
		return p.src[i]
	}
	return 0
}

// value reads the value at i. The record is zero unless the value is, or
// holds, an object whose members are not in canonical order.
func (p *parser) value(i, depth int) (int, record) {
	switch c := p.at(i); c {
	case '"':
		return p.str(i), 0
	case '{', '[':
		if depth == MaxDepth {
			return p.refuse(fault.InputMalformed, i, tooDeep(MaxDepth)), 0
		}
		if c == '{' {
			return p.object(i, depth+1)
		}
		return p.array(i, depth+1)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number(i), 0
	default:
		return p.literal(i, c), 0
	}
}

func (p *parser) literal(i int, c byte) int {
	word := jsonlex.Literal(c)
	for j := range len(word) {
		if p.at(i+j) != word[j] {
			return p.wanted(i+j, fmt.Sprintf("the rest of %q", word))
		}
	}
	if word == "" {
		return p.wanted(i, "a value")
	}
	return i + len(word)
}

// str reads the string at i, which is its opening quote.
func (p *parser) str(i int) int {
	p.escaped = false
	i = jsonlex.PlainEnd(p.src, i+1)
	if i < len(p.src) && p.src[i] == '"' {
		return i + 1
	}
	return p.restOfString(i)
}

// restOfString reads on where a string stops being plain.
func (p *parser) restOfString(i int) int {
	saved, rewrite := 0, false
	for i < len(p.src) && p.src[i] != '"' {
		r, size, f := readChar(p.src[i:])
		if f == charShort {
			i = len(p.src)
			break
		}
		if f != charOK {
			return p.refuse(fault.InputMalformed, i, f.String())
		}
		if p.src[i] == '\\' {
			p.escaped = true
			var buf [6]byte
			written := appendChar(buf[:0], r)
			saved += size - len(written)
			rewrite = rewrite || string(written) != string(p.src[i:i+size])
		}
		i = jsonlex.PlainEnd(p.src, i+size)
	}
	if i == len(p.src) {
		return p.refuse(fault.InputMalformed, i, charShort.String())
	}
	if rewrite {
		p.rewrote++
		p.saved += saved
	}
	return i + 1
}

// number reads the number at i.
func (p *parser) number(i int) int {
	end, form := scanNumber(p.src, i)
	switch {
	case form == numberMalformed:
		return p.wanted(end, "a digit of a number")
	case end-i > MaxToken:
		return p.refuse(fault.InputTooLarge, i, longToken("number"))
	case form == numberCanonical:
		return end
	}
	text := p.src[i:end]
	var buf [32]byte
	written, ok := appendNumber(buf[:0], text)
	if !ok {
		return p.inexact(i, fmt.Sprintf("number %s is beyond the range of IEEE 754 doubles", shorten(string(text), maxPathName)))
	}
	if string(written) == string(text) {
		return end
	}
	if p.exact && !sameDecimal(text, written) {
		return p.inexact(i, fmt.Sprintf("number %s would become %s", shorten(string(text), maxPathName), written))
	}
	p.rewrote++
	p.saved += len(text) - len(written)
	return end
}

func (p *parser) inexact(i int, message string) int {
	p.refuse(fault.NumberInexact, i, message)
	p.failure.hint = "use --preserve to keep the exact bytes"
	return -1
}

// wanted refuses what stands at i.
func (p *parser) wanted(i int, what string) int {
	switch {
	case i >= len(p.src):
		return p.refuse(fault.InputMalformed, i, "unexpected end of input, want "+what)
	case i <= 1:
		if message := encodingFault(p.src); message != "" {
			return p.refuse(fault.InputEncoding, i, message)
		}
	}
	return p.refuse(fault.InputMalformed, i, unexpected(p.src[i], what))
}

func (p *parser) refuse(r fault.Reason, i int, message string) int {
	p.failure = &failure{reason: r, offset: int64(i), message: message}
	return -1
}

func tooDeep(limit int) string { return fmt.Sprintf("nesting is deeper than the limit of %d", limit) }

func longToken(what string) string {
	return fmt.Sprintf("%s is longer than the limit of %d bytes", what, MaxToken)
}

func tooManyMembers(limit int) string {
	return fmt.Sprintf("open objects have more members than the limit of %d", limit)
}

func duplicate(name []byte) string {
	return fmt.Sprintf("duplicate name %q", shorten(string(name), maxPathName))
}
