package material

import (
	"errors"
	"time"
)

// window is a time in which an authority vouches, its ends included. A zero end
// is open.
type window struct{ from, until time.Time }

func (w window) contains(t time.Time) bool {
	return (w.from.IsZero() || !t.Before(w.from)) && (w.until.IsZero() || !t.After(w.until))
}

// check refuses a window that is never.
func (w window) check() error {
	if !w.from.IsZero() && !w.until.IsZero() && w.until.Before(w.from) {
		return errors.New("validity ends before it begins")
	}
	return nil
}
