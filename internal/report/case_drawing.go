package report

import (
	"fmt"
	"time"

	"github.com/stellaops/stella/internal/report/axis"
	"github.com/stellaops/stella/pkg/verify"
)

// How a drawing is laid out, in its own units: about pixels on a wide screen.
const (
	drawingWidth = 960
	plotLeft     = 196
	labelRoom    = 188 // of which a label is cut off
	plotRight    = 940
	rowHeight    = 34
	drawingTop   = 8
	scaleHeight  = 46 // of the labels under the rows
	maxTicks     = 6
	countRoom    = 30 // between two numbers over marks
	markRoom     = 11 // between two marks
	barHeight    = 14
)

// drawing is some rows over one axis.
type drawing struct {
	ID                 string
	Width, Height      int
	LabelRoom          int
	PlotLeft, PlotEnd  int
	Bottom             int // of the rows
	Title, Description string
	Ticks              []tickView
	Rows               []drawnRow
}

// tickView is a line of the scale.
type tickView struct {
	X           float64
	Day, Clock  string
	LabelBottom int
	LabelLower  int
}

// drawnRow is a line of bars and marks.
type drawnRow struct {
	Label, Full string
	Y           int // of its middle
	Top, Height int // of where the label is
	Baseline    int // of the label, from there
	Across      []float64
	Bars        []drawnBar
	Marks       []drawnMark
}

// drawnBar is a span of time.
type drawnBar struct {
	X, Width, Y   float64
	Height        int
	Before, After bool // it goes on beyond the axis
	Bad           bool // a time in which the key is bad
	Title         string
}

// drawnMark is an instant, or some that lie next to each other.
type drawnMark struct {
	X      float64
	Y      int
	Shape  string
	Hollow bool
	Count  string // shown; "" for none
	Title  string
}

// newDrawing returns a drawing without rows.
func newDrawing(id, title string, a *axis.Axis) *drawing {
	d := &drawing{ID: id, Width: drawingWidth, LabelRoom: labelRoom, PlotLeft: plotLeft, PlotEnd: plotRight, Title: title}
	ticks := a.Ticks(maxTicks)
	clock := clockFormat(ticks)
	day := ""
	for _, t := range ticks {
		x, _ := a.At(t)
		v := tickView{X: x, Clock: t.Format(clock)}
		if today := t.Format(time.DateOnly); today != day {
			v.Day, day = today, today
		}
		d.Ticks = append(d.Ticks, v)
	}
	return d
}

// clockFormat is how exactly ticks must be written to tell them apart; "" if the day is
// enough.
func clockFormat(ticks []time.Time) string {
	format := ""
	for _, t := range ticks {
		switch h, m, s := t.Clock(); {
		case t.Nanosecond() != 0:
			return "15:04:05.000"
		case s != 0:
			format = "15:04:05"
		case (h != 0 || m != 0) && format == "":
			format = "15:04"
		}
	}
	return format
}

// row adds a row.
func (d *drawing) row(label, full string) *drawnRow {
	top := drawingTop + rowHeight*len(d.Rows)
	d.Rows = append(d.Rows, drawnRow{Label: label, Full: full, Y: top + rowHeight/2 + 3, Top: top, Height: rowHeight, Baseline: rowHeight/2 + 8})
	return &d.Rows[len(d.Rows)-1]
}

// end sets what depends on the number of rows.
func (d *drawing) end(description string) *drawing {
	d.Description = description
	d.Bottom = drawingTop + rowHeight*len(d.Rows) + 4
	d.Height = d.Bottom + scaleHeight
	for i := range d.Ticks {
		d.Ticks[i].LabelBottom, d.Ticks[i].LabelLower = d.Bottom+18, d.Bottom+36
	}
	return d
}

// mark adds a mark at an instant.
func (r *drawnRow) mark(a *axis.Axis, at time.Time, shape, title string) {
	x, side := a.At(at)
	switch side {
	case axis.Before:
		shape = "before"
	case axis.After:
		shape = "after"
	}
	r.Marks = append(r.Marks, drawnMark{X: x, Y: r.Y, Shape: shape, Title: title})
}

// density adds a mark for each cell: where several instants are, with their number.
func (r *drawnRow) density(a *axis.Axis, d *axis.Density, shape, noun, marked string) {
	written := -float64(countRoom)
	for _, c := range together(a, d.Cells()) {
		title := countWords(c.Count, noun) + ", " + spanWords([]axis.Cell{c})
		if c.Marked > 0 {
			title += fmt.Sprintf(", %s %s", thousands(int64(c.Marked)), marked)
		}
		r.mark(a, c.First.Add(c.Last.Sub(c.First)/2), shape, title)
		m := &r.Marks[len(r.Marks)-1]
		m.Hollow = c.Marked == c.Count
		if c.Count > 1 && m.X-written >= countRoom {
			m.Count, written = thousands(int64(c.Count)), m.X
		}
	}
}

// together makes one cell of those whose marks would lie upon each other.
func together(a *axis.Axis, cells []axis.Cell) []axis.Cell {
	var out []axis.Cell
	begun := 0.0
	for _, c := range cells {
		x, _ := a.At(c.First)
		if len(out) > 0 && x-begun < markRoom {
			out[len(out)-1].Join(&c)
			continue
		}
		out, begun = append(out, c), x
	}
	return out
}

// bar adds a span; a zero time is none.
func (r *drawnRow) bar(a *axis.Axis, from, until time.Time, bad bool, title string) {
	left, right := a.Left, a.Right
	before, after := axis.Before, axis.After
	if !from.IsZero() {
		left, before = a.At(from)
	}
	if !until.IsZero() {
		right, after = a.At(until)
	}
	if before == axis.After || after == axis.Before {
		return // all of it is beyond an end
	}
	r.Bars = append(r.Bars, drawnBar{
		X: left, Width: max(right-left, 2), Y: float64(r.Y) - barHeight/2.0, Height: barHeight,
		Before: before == axis.Before, After: after == axis.After, Bad: bad, Title: title,
	})
}

// drawTimeline draws the events, what they were held to, and when the snapshot was made.
func drawTimeline(c *CaseFile, a *axis.Axis) *drawing {
	l := c.events
	d := newDrawing("timeline-drawing", "Events over time, a row for each category", a)
	for _, name := range l.laneNames() {
		lane := l.lanes[name]
		d.row(fmt.Sprintf("%s (%s)", name, thousands(int64(lane.Count))), name).density(a, lane, name, "event", "without content")
	}
	for _, p := range l.checkpoints {
		verdict := "agrees"
		if !p.Agrees {
			verdict = "does not agree"
		}
		title := fmt.Sprintf("%s covers %s and %s", p.Source, countWords(int(min(p.Events, 1<<53)), "event"), verdict)
		row := d.row("held to "+p.Source, title)
		if !p.At.IsZero() {
			row.mark(a, p.At, "checkpoint", title+", the last of them of "+instant(p.At))
			row.Across = append(row.Across, row.Marks[0].X)
		}
	}
	made := c.Snapshot.Manifest.CreatedAt
	d.row("snapshot made", "as the manifest says").mark(a, made, "made", "made at "+instant(made)+", as the manifest says")
	return d.end(fmt.Sprintf("%s from %s to %s. The table below has the same.", countWords(l.count, "event"), instant(l.span.From), instant(l.span.Until)))
}

// drawKeys draws when the keys and certificates were good, and when they signed.
func drawKeys(l *signerList, a *axis.Axis) *drawing {
	d := newDrawing("keys-drawing", "Windows of keys and certificates, with the times of signing", a)
	for _, k := range l.keys {
		row := d.row(k.Name, k.Name+", good "+k.Window())
		until, bad := k.Until, time.Time{}
		if !k.Revoked.IsZero() {
			bad = k.Revoked
			if until.IsZero() || bad.Before(until) {
				until = bad
			}
		}
		row.bar(a, k.From, until, false, "good "+k.Window())
		if !bad.IsZero() {
			row.bar(a, bad, time.Time{}, true, "revoked at "+instant(bad))
		}
		row.density(a, &k.Judged, "judged", "signature", "")
		row.density(a, &k.Proven, "signed", "signature", "")
	}
	return d.end(thousands(int64(len(l.keys))) + plural(len(l.keys), " key or certificate", " keys and certificates") + ". The table below has the same.")
}

// caseAxis is the axis of both drawings: all events, when the snapshot was made, and
// every proven time of signing are on it.
func caseAxis(c *CaseFile, whole *verify.Report) *axis.Axis {
	r := c.events.span
	r.Take(c.Snapshot.Manifest.CreatedAt)
	r.Take(c.signers.proven.From)
	r.Take(c.signers.proven.Until)
	if r.From.Equal(r.Until) {
		r.Take(whole.Time.At)
	}
	return axis.New(r, plotLeft, plotRight)
}
