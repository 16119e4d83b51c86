// Package canonical writes JSON in the one form that is signed: RFC 8785, the
// JSON Canonicalization Scheme (JCS). It also checks JSON texts of any size in
// bounded memory.
//
// # The form
//
//   - No white space between tokens (RFC 8785, section 3.2.1).
//   - Members are ordered by the UTF-16 code units of their unescaped names
//     (section 3.2.3). That differs from the order of UTF-8 bytes only where
//     U+E000 to U+FFFF meets a character beyond U+FFFF.
//   - Strings escape only what they must: \" \\ \b \t \n \f \r, and \u00xx in
//     lower case for other control characters (section 3.2.2.2). Strings are
//     not normalised.
//   - Numbers are IEEE 754 doubles written as ECMAScript does (section
//     3.2.2.3): 1.0 is 1, 1E30 is 1e+30, and -0 is 0.
//
// # What is refused
//
// [Append], [Parse] and [Scan] refuse the same texts: they read RFC 8259 with
// the restrictions of I-JSON (RFC 7493), strictly. An error says what is
// wrong, where as a JSON pointer (RFC 6901), and at which byte offset.
//
//   - Anything outside the grammar: comments, trailing commas, 01, +1, .5, 1.,
//     NaN, unescaped control characters, data after the value, a byte order
//     mark, no value at all.
//   - Two members of one object with the same unescaped name.
//   - Invalid UTF-8, and escapes that are half a surrogate pair.
//   - Nesting over [MaxDepth], and what is over [MaxSize], [MaxMembers] or
//     [MaxToken].
//
// Numbers are where they differ:
//
//   - Append and Parse refuse a number beyond the range of doubles (1e400).
//     Other numbers are rounded to the nearest double, as the RFC says.
//   - Parse with [Options].ExactNumbers, which is what signing uses, also
//     refuses every number that rounding would change: the canonical text must
//     be decimal-equal to the source. 9.8, 1.10 and 1e3 pass (as 9.8, 1.1 and
//     1000), and so does -0, which equals the 0 that is written;
//     12345678901234567890, 9007199254740993 and 1e-400 do not.
//   - Scan keeps bytes and so takes any number of the grammar.
//
// # Cost
//
// Parse reads the source once and keeps it. Beside it stands an index of eight
// bytes for each member of an object that is not in canonical order, and
// nearly nothing for the rest: about a fifth of the source for an SBOM, at most
// four times for text that is made to be bad. Time is linear in the size
// except for ordering the members of one object, n log n whatever their names
// are. Scan holds a window of 256 KiB, 16 to 48 bytes for each member of the
// open objects, and what the [Visitor] asks for.
package canonical

// Limits on what is read. What is over one of them is refused by name.
const (
	// MaxDepth bounds the nesting of objects and arrays. The deepest SBOM
	// seen has 30 levels; the bound keeps recursion small.
	MaxDepth = 512
	// MaxSize bounds a text, in bytes: offsets in the index have 30 bits.
	MaxSize = 1 << 30
	// MaxMembers bounds the members, read so far, of an object and of all
	// objects around it together. It bounds what must be remembered to find
	// duplicates. Large documents are large arrays, which have no such bound.
	MaxMembers = 1 << 20
	// MaxToken bounds one member name and one number, in bytes of source
	// text. Strings that are values are bounded only by MaxSize.
	MaxToken = 64 << 10
)
