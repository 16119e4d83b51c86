package canonical

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

// plainEnd returns the index of the first byte of b at or after i that is not
// plain (see notPlain), and len(b) if there is none.
func plainEnd(b []byte, i int) int {
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

// spaceEnd returns the index of the first byte of b at or after i that is not
// white space (RFC 8259, section 2), and len(b) if there is none. Indentation
// is mostly runs of spaces.
func spaceEnd(b []byte, i int) int {
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

// literal returns the keyword that starts with c, or nothing.
func literal(c byte) string {
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

// A numberForm says what is known of a number's text.
type numberForm byte

const (
	numberMalformed numberForm = iota
	numberCanonical            // is its own canonical form, exactly
	numberOther                // must be converted to know
)

// exactDigits is how many decimal digits every double keeps: two numbers with
// no more than these are never rounded to the same double (DBL_DIG in C).
const exactDigits = 15

// scanNumber reads the number at b[i] (RFC 8259, section 6) and returns the
// index after it, or the index of the byte that does not fit.
func scanNumber(b []byte, i int) (end int, form numberForm) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	i = digitsEnd(b, i)
	switch {
	case i == first:
		return i, numberMalformed
	case b[first] == '0' && i > first+1:
		return first + 1, numberMalformed
	}
	if i == len(b) || b[i] != '.' && b[i]|0x20 != 'e' {
		if i-first <= exactDigits && (b[first] != '0' || first == start) {
			return i, numberCanonical
		}
		return i, numberOther
	}
	return scanFraction(b, first, i)
}

// scanFraction reads what follows the integer part b[first:i].
func scanFraction(b []byte, first, i int) (end int, form numberForm) {
	form = numberOther
	if b[i] == '.' {
		point := i
		i = digitsEnd(b, point+1)
		if i == point+1 {
			return i, numberMalformed
		}
		if i-first-1 <= exactDigits && b[i-1] != '0' && plainFraction(b[first:i]) {
			form = numberCanonical
		}
	}
	if i == len(b) || b[i]|0x20 != 'e' {
		return i, form
	}
	i++
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	end = digitsEnd(b, i)
	if end == i {
		return i, numberMalformed
	}
	return end, numberOther
}

// plainFraction says whether text, digits with a point in it, is at least
// 1e-6, below which ECMAScript writes an exponent.
func plainFraction(text []byte) bool {
	return text[0] != '0' || len(text) < 8 || string(text[:8]) != "0.000000"
}

func digitsEnd(b []byte, i int) int {
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i
}
