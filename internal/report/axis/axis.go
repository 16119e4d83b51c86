// Package axis lays times out to scale: which instants a drawing spans, where on it each
// of them stands, and where its ticks are. It draws nothing.
package axis

import (
	"time"
)

// Range is a span of time, both ends in it. Its zero value is empty.
type Range struct{ From, Until time.Time }

// Empty reports whether nothing was taken in.
func (r *Range) Empty() bool { return r.From.IsZero() && r.Until.IsZero() }

// Take widens the range so that t is in it. A zero time is none.
func (r *Range) Take(t time.Time) {
	switch {
	case t.IsZero():
	case r.Empty():
		r.From, r.Until = t, t
	case t.Before(r.From):
		r.From = t
	case t.After(r.Until):
		r.Until = t
	}
}

// Axis is a range drawn on a line from Left to Right, in whatever unit the drawing has.
type Axis struct {
	Range
	Left, Right float64
}

// The room that New leaves at each end: a fortieth of the range, and some where there is
// but one instant.
const (
	fortieth = 40
	leastPad = 500 * time.Millisecond
)

// New returns an axis on which everything of r stands, with some room at its ends.
func New(r Range, left, right float64) *Axis {
	pad := max(r.Until.Sub(r.From)/fortieth, leastPad)
	return &Axis{Range{r.From.Add(-pad).UTC(), r.Until.Add(pad).UTC()}, left, right}
}

// The sides of an axis on which an instant may be.
const (
	Before = -1
	Within = 0
	After  = 1
)

// At returns where t stands, and on which side of the axis it is: what is not within
// stands at the end.
func (a *Axis) At(t time.Time) (x float64, side int) {
	switch {
	case t.Before(a.From):
		return a.Left, Before
	case t.After(a.Until):
		return a.Right, After
	}
	return a.Left + (a.Right-a.Left)*seconds(a.From, t)/seconds(a.From, a.Until), Within
}

// seconds is Sub for times further apart than a Duration can say.
func seconds(from, until time.Time) float64 {
	return float64(until.Unix()-from.Unix()) + float64(until.Nanosecond()-from.Nanosecond())/1e9
}
