package canonical

import "github.com/stellaops/stella/internal/jsonlex"

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
	i = jsonlex.DigitsEnd(b, i)
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
		i = jsonlex.DigitsEnd(b, point+1)
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
	end = jsonlex.DigitsEnd(b, i)
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
