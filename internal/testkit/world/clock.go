package world

import (
	"sync"
	"time"
)

// start is the time of a new world: in the middle of every validity.
func start() time.Time { return time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC) }

// A Clock tells a world's time and stands still until it is set. It may be used
// from several goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time of the world, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock, back or forth.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.UTC()
}

// Advance moves the clock by a duration.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// A Window is a time in which something is valid, its ends included. An end
// that is zero is open.
type Window struct{ From, Until time.Time }

// around is ten years before and after a time.
func around(t time.Time) Window {
	return Window{t.AddDate(-10, 0, 0), t.AddDate(10, 0, 0)}
}
