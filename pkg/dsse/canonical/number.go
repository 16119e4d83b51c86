package canonical

import (
	"bytes"
	"math"
	"strconv"
)

// ExactNumber returns the canonical form of the text of a JSON number, as a Visitor is
// given one, and whether both stand for the same decimal number. They do not where a
// double does not hold it: then the form is that of another number, or nil beyond the
// range of doubles.
func ExactNumber(text []byte) (form []byte, exact bool) {
	form, ok := appendNumber(nil, text)
	if !ok {
		return nil, false
	}
	return form, sameDecimal(text, form)
}

// appendNumber appends the canonical form of the number text, which has been
// scanned. It reports false, and appends nothing of use, if the number is
// beyond the range of doubles.
func appendNumber(dst, text []byte) ([]byte, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return dst, false
	}
	return appendDouble(dst, f), true
}

// appendDouble appends f as ECMAScript's Number.prototype.toString does
// (RFC 8785, section 3.2.2.3 and appendix B).
func appendDouble(dst []byte, f float64) []byte {
	abs := math.Abs(f)
	switch {
	case f == 0:
		return append(dst, '0') // also for -0
	case 1e-6 <= abs && abs < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// Go writes at least two digits of exponent, ECMAScript one.
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '+' || dst[n-3] == '-') {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// sameDecimal says whether two number texts stand for the same decimal number.
// Zero has no sign here.
func sameDecimal(a, b []byte) bool {
	x, y := parseDecimal(a), parseDecimal(b)
	if len(x.digits) == 0 || len(y.digits) == 0 {
		return len(x.digits) == len(y.digits)
	}
	return x.negative == y.negative && x.exponent == y.exponent && bytes.Equal(x.digits, y.digits)
}

// decimal is 0.DIGITS × 10^exponent, with no zero at either end of the digits;
// zero has no digits.
type decimal struct {
	negative bool
	digits   []byte
	exponent int64
}

func parseDecimal(text []byte) decimal {
	var d decimal
	if d.negative = text[0] == '-'; d.negative {
		text = text[1:]
	}
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		d.exponent = parseExponent(text[i+1:])
		text = text[:i]
	}
	whole, fraction, _ := bytes.Cut(text, []byte{'.'})
	d.exponent += int64(len(whole))
	d.digits = append(append(d.digits, whole...), fraction...)
	trimmed := bytes.TrimLeft(d.digits, "0")
	d.exponent -= int64(len(d.digits) - len(trimmed))
	d.digits = bytes.TrimRight(trimmed, "0")
	return d
}

// parseExponent reads a signed integer and stops growing far beyond what the
// digits of a number, at most MaxToken, could make up for.
func parseExponent(text []byte) int64 {
	sign := int64(1)
	switch text[0] {
	case '-':
		sign = -1
		fallthrough
	case '+':
		text = text[1:]
	}
	var n int64
	for _, c := range text {
		if n < 1<<40 {
			n = n*10 + int64(c-'0')
		}
	}
	return sign * n
}
