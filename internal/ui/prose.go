package ui

import (
	"cmp"
	"strings"
)

// Width returns the columns of the terminal, but no more than most; where
// there is no terminal, most.
func (p *Printer) Width(most int) int { return min(cmp.Or(p.width, most), most) }

// Section prints stella's own words under a title, and an empty line after
// them. Without a body only the title.
func (p *Printer) Section(title, body string) {
	p.write(p.paint(Strong, title+":") + "\n")
	if body != "" {
		p.write(body + "\n")
	}
}

// Prose prints stella's own words, which are filled to most columns already.
// On a narrower terminal, paragraphs are filled anew; indented lines are kept.
func (p *Printer) Prose(own string, most int) {
	for i, paragraph := range strings.Split(own, "\n\n") {
		if i > 0 {
			p.Blank()
		}
		p.paragraph(paragraph, most)
	}
}

func (p *Printer) paragraph(own string, most int) {
	own = strings.Trim(own, "\n")
	if strings.HasPrefix(own, " ") || longest(own) <= p.Width(most) {
		p.write(own + "\n")
		return
	}
	for _, line := range wrap([]Text{T(strings.ReplaceAll(own, "\n", " "))}, p.Width(most), 0, 0) {
		p.write(p.painted(line) + "\n")
	}
}

func longest(lines string) int {
	n := 0
	for line := range strings.SplitSeq(lines, "\n") {
		n = max(n, len(line))
	}
	return n
}
