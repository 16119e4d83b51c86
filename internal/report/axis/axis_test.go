package axis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func spanning(from, until string) *Axis {
	return &Axis{Range{at(from), at(until)}, 100, 900}
}

func TestAt(t *testing.T) {
	a := spanning("2026-11-29T00:00:00Z", "2026-11-29T08:00:00Z")
	for text, want := range map[string]struct {
		x    float64
		side int
	}{
		"2026-11-29T00:00:00Z":      {100, Within},
		"2026-11-29T02:00:00Z":      {300, Within},
		"2026-11-29T04:00:00+02:00": {300, Within},
		"2026-11-29T08:00:00Z":      {900, Within},
		"2026-11-28T23:59:59Z":      {100, Before},
		"2026-11-29T08:00:00.001Z":  {900, After},
		"0001-01-01T00:00:01Z":      {100, Before},
	} {
		x, side := a.At(at(text))
		assert.InDelta(t, want.x, x, 1e-6, text)
		assert.Equal(t, want.side, side, text)
	}
	// A span that no time.Duration can say.
	x, side := spanning("0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z").At(at("5000-01-01T00:00:00Z"))
	assert.InDelta(t, 500, x, 0.1)
	assert.Equal(t, Within, side)
}

func TestTicks(t *testing.T) {
	for _, want := range []struct{ from, until, first, last, second string }{
		{"2026-11-29T09:00:01.2Z", "2026-11-29T09:00:05.9Z", "2026-11-29T09:00:02Z", "2026-11-29T09:00:05Z", "2026-11-29T09:00:03Z"},
		{"2026-11-29T09:07:00Z", "2026-11-29T15:12:00Z", "2026-11-29T10:00:00Z", "2026-11-29T15:00:00Z", "2026-11-29T11:00:00Z"},
		{"2026-11-02T09:07:00Z", "2026-11-29T15:12:00Z", "2026-11-02T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-09T00:00:00Z"},
		{"2024-02-10T00:00:00Z", "2026-11-29T00:00:00Z", "2024-07-01T00:00:00Z", "2026-07-01T00:00:00Z", "2025-01-01T00:00:00Z"},
		{"1999-02-10T00:00:00Z", "2026-11-29T00:00:00Z", "2000-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2005-01-01T00:00:00Z"},
	} {
		ticks := spanning(want.from, want.until).Ticks(7)
		require.NotEmpty(t, ticks)
		if want.from[:10] == "2026-11-02" { // weeks are counted from a Monday
			assert.Equal(t, time.Monday, ticks[0].Weekday())
			assert.Len(t, ticks, 3)
			continue
		}
		assert.Equal(t, at(want.first), ticks[0])
		assert.Equal(t, at(want.second), ticks[1])
		assert.Equal(t, at(want.last), ticks[len(ticks)-1])
	}
}

// Whatever the range, there are some ticks, evenly within it, and never too many.
func TestTicksOfEveryRange(t *testing.T) {
	for length := time.Millisecond; length > 0 && length < 250*365*day; length = length*13/10 + 1 {
		var r Range
		r.Take(at("2026-11-29T09:07:13.5Z"))
		r.Take(at("2026-11-29T09:07:13.5Z").Add(length))
		a := New(r, 0, 1)
		ticks := a.Ticks(7)
		require.GreaterOrEqual(t, len(ticks), 1, "%v", length)
		require.LessOrEqual(t, len(ticks), 7, "%v", length)
		for i, tick := range ticks {
			_, side := a.At(tick)
			require.Equal(t, Within, side)
			require.True(t, i == 0 || ticks[i-1].Before(tick))
		}
	}
	assert.NotEmpty(t, New(Range{at("0001-01-01T00:00:00Z"), at("9999-12-31T23:59:59Z")}, 0, 1).Ticks(7))
}

func TestRange(t *testing.T) {
	var r Range
	assert.True(t, r.Empty())
	r.Take(time.Time{})
	assert.True(t, r.Empty())
	r.Take(at("2026-11-29T09:00:00Z"))
	r.Take(at("2026-11-29T08:00:00Z"))
	r.Take(at("2026-11-29T10:00:00Z"))
	assert.Equal(t, Range{at("2026-11-29T08:00:00Z"), at("2026-11-29T10:00:00Z")}, r)
	one := Range{r.From, r.From}
	x, _ := New(one, 0, 100).At(r.From)
	assert.InDelta(t, 50, x, 1e-6, "one instant stands in the middle")
}

// Density holds few cells whatever it is given, and loses nothing of the counts.
func TestDensity(t *testing.T) {
	var d Density
	start := at("2026-11-29T09:00:00Z")
	for i := range 100_000 {
		d.Add(start.Add(time.Duration(i)*time.Second), i%10 == 0)
		require.LessOrEqual(t, len(d.cells), maxCells)
	}
	d.Add(at("1970-01-01T00:00:00Z").Add(-time.Hour), false) // time that goes backwards
	cells := d.Cells()
	count, marked := 0, 0
	for i, c := range cells {
		count += c.Count
		marked += c.Marked
		assert.False(t, c.Last.Before(c.First))
		assert.True(t, i == 0 || cells[i-1].Last.Before(c.First))
	}
	assert.Equal(t, 100_001, count)
	assert.Equal(t, 100_001, d.Count)
	assert.Equal(t, 10_000, marked)
	assert.Greater(t, len(cells), 1)
}
