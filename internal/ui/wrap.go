package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// word is what is never broken: a digest or an identity that does not fit is
// left to the terminal, so that it can be copied whole.
type word []Text

func (w word) width() int {
	n := 0
	for _, t := range w {
		n += lipgloss.Width(t.S)
	}
	return n
}

// wrapped prints parts behind first, and further lines behind indent. first
// is finished text; its width is that of indent unless indent is deeper.
func (p *Printer) wrapped(first, indent string, parts []Text) {
	for i, line := range wrap(escapeAll(parts), p.width, lipgloss.Width(first), lipgloss.Width(indent)) {
		if i == 0 {
			p.write(first + p.painted(line) + "\n")
		} else {
			p.write(indent + p.painted(line) + "\n")
		}
	}
}

func escapeAll(parts []Text) []Text {
	escaped := make([]Text, len(parts))
	for i, t := range parts {
		escaped[i] = Text{Escape(t.S), t.Style}
	}
	return escaped
}

func (p *Printer) painted(line []Text) string {
	var b strings.Builder
	for len(line) > 0 {
		run := line[0]
		for line = line[1:]; len(line) > 0 && line[0].Style == run.Style; line = line[1:] {
			run.S += line[0].S
		}
		b.WriteString(p.paint(run.Style, run.S))
	}
	return b.String()
}

// wrap breaks parts into lines of at most width columns, of which first and
// then indent are taken. Width 0 means one line.
func wrap(parts []Text, width, first, indent int) [][]Text {
	if width <= 0 || first+word(parts).width() <= width {
		return [][]Text{parts}
	}
	var lines [][]Text
	var line []Text
	used := first
	for _, w := range words(parts) {
		need := w.width()
		if len(line) > 0 && used+1+need > width {
			lines = append(lines, line)
			line, used = nil, indent
		}
		if len(line) > 0 {
			line = append(line, space(line[len(line)-1], w[0]))
			used++
		}
		line = append(line, w...)
		used += need
	}
	return append(lines, line)
}

// space returns the space between two words, in their style if it is one.
func space(before, after Text) Text {
	if before.Style == after.Style {
		return Text{" ", after.Style}
	}
	return T(" ")
}

// words splits parts at spaces; parts without a space between them stay one
// word.
func words(parts []Text) []word {
	var all []word
	var current word
	end := func() {
		if current.width() > 0 {
			all = append(all, current)
		}
		current = nil
	}
	for _, t := range parts {
		for i, piece := range strings.Split(t.S, " ") {
			if i > 0 {
				end()
			}
			if piece != "" {
				current = append(current, Text{piece, t.Style})
			}
		}
	}
	end()
	return all
}
