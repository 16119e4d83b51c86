package axis

import "time"

// step is the distance of two ticks: a length of time, or a number of calendar months.
type step struct {
	length time.Duration
	months int
}

const day = 24 * time.Hour

// steps are the distances that people count in, from short to long.
func steps() []step {
	return []step{
		{length: time.Millisecond}, {length: 10 * time.Millisecond}, {length: 100 * time.Millisecond},
		{length: time.Second}, {length: 2 * time.Second}, {length: 5 * time.Second}, {length: 10 * time.Second}, {length: 30 * time.Second},
		{length: time.Minute}, {length: 2 * time.Minute}, {length: 5 * time.Minute}, {length: 10 * time.Minute}, {length: 30 * time.Minute},
		{length: time.Hour}, {length: 2 * time.Hour}, {length: 6 * time.Hour}, {length: 12 * time.Hour},
		{length: day}, {length: 2 * day}, {length: 7 * day}, {length: 14 * day},
		{months: 1}, {months: 2}, {months: 6}, {months: 12}, {months: 24}, {months: 60}, {months: 120},
		{months: 300}, {months: 600}, {months: 1200}, {months: 12000}, {months: 60000},
	}
}

// Ticks returns at most most instants of the axis that lie evenly by the clock or the
// calendar, in UTC.
func (a *Axis) Ticks(most int) []time.Time {
	for _, s := range steps() {
		if s.count(a.Range) <= float64(most) {
			if ticks := s.ticks(a.Range); len(ticks) <= most {
				return ticks
			}
		}
	}
	return nil
}

// count is about how many ticks there would be.
func (s step) count(r Range) float64 {
	const month = 30 * 24 * 3600
	length := s.length.Seconds() + float64(s.months*month)
	return seconds(r.From, r.Until) / length
}

func (s step) ticks(r Range) []time.Time {
	var out []time.Time
	for t := s.first(r.From); !t.After(r.Until); t = s.next(t) {
		if !t.Before(r.From) {
			out = append(out, t)
		}
	}
	return out
}

// first is the last tick that is not after t.
func (s step) first(t time.Time) time.Time {
	if s.months == 0 {
		return t.Truncate(s.length)
	}
	months := t.Year()*12 + int(t.Month()) - 1
	return time.Date(0, time.Month(months-months%s.months+1), 1, 0, 0, 0, 0, time.UTC)
}

func (s step) next(t time.Time) time.Time { return t.Add(s.length).AddDate(0, s.months, 0) }
