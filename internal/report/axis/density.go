package axis

import (
	"maps"
	"slices"
	"time"
)

// maxCells bounds the cells of a Density: beyond them, marks of a drawing would lie upon
// each other.
const maxCells = 256

// Density counts instants, in as many cells of equal width as a drawing can tell apart
// and no more, however many instants there are and however far apart. Its zero value is
// empty. It is not safe for concurrent use.
type Density struct {
	shift uint // a cell is as wide as 2^shift ms
	cells map[int64]*Cell
	Count int
}

// Cell is some instants that lie next to each other.
type Cell struct {
	First, Last   time.Time
	Count, Marked int
}

// Add takes in an instant. What marked means is the caller's to say.
func (d *Density) Add(t time.Time, marked bool) {
	if d.cells == nil {
		d.cells = make(map[int64]*Cell)
	}
	one := Cell{First: t, Last: t, Count: 1}
	if marked {
		one.Marked = 1
	}
	d.Count++
	d.put(t.UnixMilli()>>d.shift, &one)
	for len(d.cells) > maxCells {
		d.widen()
	}
}

// put adds a cell to what is at its place.
func (d *Density) put(at int64, c *Cell) {
	have := d.cells[at]
	if have == nil {
		d.cells[at] = c
		return
	}
	have.Join(c)
}

// Join takes in the instants of another cell.
func (c *Cell) Join(other *Cell) {
	if other.First.Before(c.First) {
		c.First = other.First
	}
	if other.Last.After(c.Last) {
		c.Last = other.Last
	}
	c.Count += other.Count
	c.Marked += other.Marked
}

// widen makes one cell of every two.
func (d *Density) widen() {
	old := d.cells
	d.cells = make(map[int64]*Cell, maxCells)
	d.shift++
	for _, at := range slices.Sorted(maps.Keys(old)) {
		d.put(at>>1, old[at])
	}
}

// Cells returns the cells in the order of time.
func (d *Density) Cells() []Cell {
	var out []Cell
	for _, at := range slices.Sorted(maps.Keys(d.cells)) {
		out = append(out, *d.cells[at])
	}
	return out
}
