package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxShown is how many bytes of one untrusted string are shown: more than
	// any path or identity needs, less than it takes to push the verdict off
	// the screen.
	maxShown = 1024
	// maxMessage is the same for a whole message, which is made of several
	// such strings.
	maxMessage = 8 << 10
	// maxMarks is how many combining marks may sit on one letter before they
	// are shown escaped; the most that written languages use is four.
	maxMarks = 4
)

// Escape returns s in a form that cannot act on a terminal, on the reader or
// on a CI runner's log parser: control characters, invalid UTF-8, line
// breaks, characters that are invisible or change the direction of text, and
// the openings of workflow commands are shown as \n, \x1b or \u{202e}. Of a
// longer string the first 1,024 bytes are shown, with how much was left out.
func Escape(s string) string { return escape(s, maxShown) }

// EscapeMessage is Escape for a whole message, up to 8 KiB.
func EscapeMessage(s string) string { return escape(s, maxMessage) }

func escape(s string, limit int) string {
	cut := 0
	if len(s) > limit {
		end := limit
		for end > limit-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s, cut = s[:end], len(s)-end
	}
	if cut == 0 && harmless(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	escapeTo(&b, s)
	if cut > 0 {
		fmt.Fprintf(&b, "... (%d bytes more)", cut)
	}
	return b.String()
}

// harmless is the fast path: printable ASCII that opens no workflow command.
func harmless(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.Contains(s, "::") && !strings.Contains(s, "##")
}

func escapeTo(b *strings.Builder, s string) {
	marks := maxMarks // a mark at the start would sit on our own text
	for i, size := 0, 0; i < len(s); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(b, `\x%02x`, s[i])
			marks = maxMarks
			continue
		case unicode.Is(unicode.M, r):
			marks++
		default:
			marks = 0
		}
		if unsafeRune(r) || marks > maxMarks || opensCommand(s, i) {
			escapeRune(b, r)
			continue
		}
		b.WriteRune(r)
	}
}

func escapeRune(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	default:
		fmt.Fprintf(b, `\u{%x}`, r)
	}
}

// unsafeRune reports whether r must not reach a terminal as it is. What
// unicode calls printable excludes controls, bidi and zero-width characters
// (Cf), line separators, spaces other than U+0020, tags, private use and
// unassigned code points; a few invisible letters and marks come on top.
func unsafeRune(r rune) bool {
	return !unicode.IsPrint(r) || unicode.Is(unicode.Variation_Selector, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) || r == 0x2800 || r == utf8.RuneError
}

// opensCommand reports whether the byte at i opens a workflow command of a CI
// runner: "::name" where a line could begin (GitHub), or "##[name]",
// "##vso[name]", "##teamcity[name]" anywhere.
func opensCommand(s string, i int) bool {
	switch s[i] {
	case ':':
		return strings.HasPrefix(s[i:], "::") && (i == 0 || s[i-1] <= ' ')
	case '#':
		rest, ok := strings.CutPrefix(s[i:], "##")
		return ok && strings.HasPrefix(strings.TrimLeftFunc(rest, foldsToLatin), "[")
	}
	return false
}

// foldsToLatin reports whether a reader that ignores case may take r for one of a to
// z: among them are the long s and the Kelvin sign.
func foldsToLatin(r rune) bool {
	return r|0x20 >= 'a' && r|0x20 <= 'z' || r == 0x17f || r == 0x212a
}
