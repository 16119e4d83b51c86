package ui

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// narrow is the width, in columns, under which a label stands above its value
// instead of beside it.
const narrow = 40

// Pair is a label of ours and a value.
type Pair struct {
	Label string
	Value []Text
}

// P returns a pair.
func P(label string, value ...Text) Pair { return Pair{label, value} }

// Pairs prints labels and values in two columns.
func (p *Printer) Pairs(pairs ...Pair) { p.pairs("", pairs) }

func (p *Printer) pairs(margin string, pairs []Pair) {
	column := 0
	for _, pair := range pairs {
		column = max(column, lipgloss.Width(pair.Label)+2)
	}
	for _, pair := range pairs {
		label := p.paint(Faint, pair.Label)
		if p.width > 0 && p.width < narrow {
			p.write(margin + label + "\n")
			p.wrapped(margin+"  ", margin+"  ", pair.Value)
			continue
		}
		gap := strings.Repeat(" ", column-lipgloss.Width(pair.Label))
		p.wrapped(margin+label+gap, margin+strings.Repeat(" ", column), pair.Value)
	}
}

// Table prints rows under heads. Where the terminal is too narrow each row
// becomes a block of pairs. Every row has a cell for each head.
func (p *Printer) Table(heads []string, rows [][]Text) {
	widths, total := measure(heads, rows)
	if p.width > 0 && total > p.width {
		p.blocks(heads, rows)
		return
	}
	head := make([]Text, len(heads))
	for i, h := range heads {
		head[i] = Styled(Faint, h)
	}
	p.row(head, widths)
	for _, row := range rows {
		p.row(escapeAll(row), widths)
	}
}

func (p *Printer) blocks(heads []string, rows [][]Text) {
	for i, row := range rows {
		if i > 0 {
			p.Blank()
		}
		pairs := make([]Pair, len(heads))
		for k, head := range heads {
			pairs[k] = P(head, row[k])
		}
		p.Pairs(pairs...)
	}
}

const columnGap = 2

func measure(heads []string, rows [][]Text) (widths []int, total int) {
	widths = make([]int, len(heads))
	for i, head := range heads {
		widths[i] = lipgloss.Width(head)
		for _, row := range rows {
			widths[i] = max(widths[i], lipgloss.Width(Escape(row[i].S)))
		}
		total += widths[i] + columnGap
	}
	return widths, total - columnGap
}

// row prints escaped cells; the last is not padded.
func (p *Printer) row(cells []Text, widths []int) {
	var b strings.Builder
	for i, cell := range cells {
		b.WriteString(p.paint(cell.Style, cell.S))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-lipgloss.Width(cell.S)+columnGap))
		}
	}
	p.write(b.String() + "\n")
}

// Node is one line of a tree, with more lines of its own and nodes under it.
type Node struct {
	Status   *Status // nil: no glyph
	Line     []Text
	Notes    [][]Text // further lines of this node
	Children []Node
}

// Tree prints nodes and what hangs under them.
func (p *Printer) Tree(nodes ...Node) {
	for _, n := range nodes {
		p.node("", "", n)
	}
}

// branches are the strokes of a tree: to a child, to the last child, and past
// either.
func (p *Printer) branches() (child, last, past, none string) {
	if p.unicode {
		return "├─ ", "└─ ", "│  ", "   "
	}
	return "|- ", "`- ", "|  ", "   "
}

// node prints n; lead stands before its first line and margin before all
// others.
func (p *Printer) node(lead, margin string, n Node) {
	child, last, past, none := p.branches()
	indent := ""
	if n.Status != nil {
		glyph := n.Status.glyph(p.unicode)
		lead += p.paint(glyph.Style, glyph.S) + " "
		indent = strings.Repeat(" ", lipgloss.Width(glyph.S)+1)
	}
	hang := ""
	if len(n.Children) > 0 {
		hang = past // the stroke to the children runs beside the notes
	}
	p.wrapped(lead, margin+hang+indent, n.Line)
	for _, note := range n.Notes {
		p.wrapped(margin+hang+indent, margin+hang+indent+"  ", note)
	}
	for i, c := range n.Children {
		if i == len(n.Children)-1 {
			p.node(margin+last, margin+none, c)
		} else {
			p.node(margin+child, margin+past, c)
		}
	}
}
