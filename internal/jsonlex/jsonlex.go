// Package jsonlex finds where the tokens of a JSON text (RFC 8259) end, eight bytes at a
// time where that is possible. It judges nothing.
package jsonlex

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Constants for looking at eight bytes at once.
const (
	ones   = 0x0101010101010101
	highs  = 0x8080808080808080
	spaces = 0x2020202020202020
	quotes = '"' * ones
	slants = '\\' * ones
)

// notPlain marks, in the high bit of each byte of x, the bytes that need a
// closer look inside a string: the quote, the backslash, control characters
// and everything beyond ASCII. Marks above the lowest one may be wrong, because
// subtraction borrows; the lowest one is right.
func notPlain(x uint64) uint64 {
	return ((x - spaces) | ((x ^ quotes) - ones) | ((x ^ slants) - ones) | x) & highs
}

// PlainEnd returns the index of the first byte of b at or after i that is not
// plain (see notPlain), and len(b) if there is none.
func PlainEnd(b []byte, i int) int {
	for ; i+8 <= len(b); i += 8 {
		if m := notPlain(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return i
		}
	}
	return i
}

// SpaceEnd returns the index of the first byte of b at or after i that is not
// white space (RFC 8259, section 2), and len(b) if there is none. Indentation
// is mostly runs of spaces.
func SpaceEnd(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case '\n', '\r', '\t', ' ':
			i++
		default:
			return i
		}
		for i+8 <= len(b) {
			x := binary.LittleEndian.Uint64(b[i:]) ^ spaces
			if x != 0 {
				i += bits.TrailingZeros64(x) >> 3
				break
			}
			i += 8
		}
	}
	return i
}

// Literal returns the keyword that starts with c, or nothing.
func Literal(c byte) string {
	switch c {
	case 't':
		return "true"
	case 'f':
		return "false"
	case 'n':
		return "null"
	}
	return ""
}

// DigitsEnd returns the index of the first byte of b at or after i that is no decimal digit,
// and len(b) if there is none.
func DigitsEnd(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}
