package canonical

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// A charFault says why a character of a string cannot be read.
type charFault byte

const (
	charOK charFault = iota
	charShort
	charEscape
	charSurrogate
	charUTF8
	charControl
)

func (f charFault) String() string {
	return [...]string{
		charOK:        "no fault",
		charShort:     "unexpected end of input inside a string",
		charEscape:    "invalid escape sequence in a string",
		charSurrogate: "escape sequence is half of a surrogate pair",
		charUTF8:      "invalid UTF-8 in a string",
		charControl:   "control character in a string, which must be escaped",
	}[f]
}

// readChar reads the character at the start of b, which is not plain and not a
// quote, and returns it with its length in the source. With charShort b ends
// before the character does.
func readChar(b []byte) (r rune, size int, f charFault) {
	switch {
	case b[0] == '\\':
		return readEscape(b)
	case b[0] < utf8.RuneSelf:
		return 0, 0, charControl
	}
	r, size = utf8.DecodeRune(b)
	if r != utf8.RuneError || size != 1 {
		return r, size, charOK
	}
	if !utf8.FullRune(b) {
		return 0, 0, charShort
	}
	return 0, 0, charUTF8
}

// readEscape reads the escape sequence at the start of b (RFC 8259, section 7).
// A pair of surrogates is one character.
func readEscape(b []byte) (r rune, size int, f charFault) {
	if len(b) < 2 {
		return 0, 0, charShort
	}
	if b[1] != 'u' {
		if r = shortEscape(b[1]); r < 0 {
			return 0, 0, charEscape
		}
		return r, 2, charOK
	}
	r, f = readHex(b)
	if f != charOK || !utf16.IsSurrogate(r) {
		return r, 6, f
	}
	if r >= 0xdc00 {
		return 0, 0, charSurrogate
	}
	low, f := readHex(b[6:])
	if f == charShort {
		return 0, 0, f
	}
	if r = utf16.DecodeRune(r, low); f != charOK || r == utf8.RuneError {
		return 0, 0, charSurrogate
	}
	return r, 12, charOK
}

func shortEscape(c byte) rune {
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return -1
}

// readHex reads \uXXXX at the start of b.
func readHex(b []byte) (rune, charFault) {
	var r rune
	for i := range 6 {
		if i == len(b) {
			return 0, charShort
		}
		c := b[i]
		switch {
		case i == 0 && c == '\\', i == 1 && c == 'u':
			continue
		case i < 2:
			return 0, charEscape
		case c-'0' <= 9:
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, charEscape
		}
	}
	return r, charOK
}

// appendChar appends r as canonical strings hold it (RFC 8785, section 3.2.2.2).
func appendChar(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\t':
		return append(dst, '\\', 't')
	case '\n':
		return append(dst, '\\', 'n')
	case '\f':
		return append(dst, '\\', 'f')
	case '\r':
		return append(dst, '\\', 'r')
	}
	if r < ' ' {
		const hex = "0123456789abcdef"
		return append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	}
	return utf8.AppendRune(dst, r)
}

// unescaped returns what the checked literal text, without its quotes, stands for.
// It is text itself if that has no escapes.
func unescaped(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	return appendUnescaped(make([]byte, 0, len(text)), text)
}

// appendUnescaped appends what the checked literal text, without its quotes,
// stands for.
func appendUnescaped(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		r, size, _ := readEscape(text[i:])
		dst = utf8.AppendRune(dst, r)
		text = text[i+size:]
	}
}
