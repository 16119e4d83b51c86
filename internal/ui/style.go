package ui

import "charm.land/lipgloss/v2"

// Style says what a piece of text means; how that looks is decided here.
type Style uint8

// The styles. The zero value is plain text.
const (
	Plain Style = iota
	Strong
	Faint
	Good
	Bad
	Warn
)

// look returns the rendering of s: the 16 ANSI colours only, which every
// terminal theme adapts to its background by itself.
func (s Style) look() lipgloss.Style {
	style := lipgloss.NewStyle()
	switch s {
	case Strong:
		return style.Bold(true)
	case Faint:
		return style.Faint(true)
	case Good:
		return style.Foreground(lipgloss.Green)
	case Bad:
		return style.Foreground(lipgloss.Red).Bold(true)
	case Warn:
		return style.Foreground(lipgloss.Yellow)
	}
	return style
}

// Text is a string with a meaning. The string may come from anywhere; it is
// escaped when it is printed.
type Text struct {
	S     string
	Style Style
}

// T returns plain text.
func T(s string) Text { return Text{S: s} }

// Styled returns text of a style.
func Styled(style Style, s string) Text { return Text{s, style} }

// Status is the outcome of one thing, shown as a glyph beside a word.
type Status uint8

// The outcomes.
const (
	Passed Status = iota
	Failed
	Warned
	Skipped
)

// glyph returns the sign of st, in ASCII where the locale has no other.
func (st Status) glyph(unicode bool) Text {
	row := [...]struct {
		sign, ascii string
		style       Style
	}{
		Passed:  {"✓", "[ok]", Good},
		Failed:  {"✗", "[FAIL]", Bad},
		Warned:  {"!", "[warn]", Warn},
		Skipped: {"–", "[skip]", Faint},
	}[st]
	if unicode {
		return Text{row.sign, row.style}
	}
	return Text{row.ascii, row.style}
}
