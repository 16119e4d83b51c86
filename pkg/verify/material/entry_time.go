package material

import (
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// At returns the finding for a signature that is proven to have been there at some
// times, by other things than this entry. An entry that proves its own time is
// judged by that alone, and stays as it is. Of any other, nobody knows when the log
// took it: a log has to be trusted at one of the proven times. Without any, the
// finding stays that of the time of verification.
func (e LogEntry) At(proven ...time.Time) LogEntry {
	if e.undated == nil || len(proven) == 0 {
		return e
	}
	out := *e.undated
	out.conclude(out.settle(proven...))
	return out
}

// settle finds a log that holds the entry and is trusted at the entry's own time
// or, where it proves none, at one of others. An error has reason fault.LogInvalid.
func (e *LogEntry) settle(others ...time.Time) error {
	times := others
	if e.Time.IsZero() {
		undated := *e
		e.undated = &undated
	} else {
		times = []time.Time{e.Time}
	}
	for _, l := range e.logs {
		for _, t := range times {
			if l.contains(t) {
				e.Authority, e.Operator = l.name, l.by()
				return nil
			}
		}
	}
	return e.distrusted(times)
}

// distrusted is the fault of an entry whose logs are trusted at none of some times.
func (e *LogEntry) distrusted(times []time.Time) error {
	var words []string
	for _, t := range times {
		words = append(words, t.UTC().Format(time.RFC3339))
	}
	if !e.Time.IsZero() {
		return fault.New(fault.LogInvalid, "%q is not trusted at %s", e.logs[0].name, strings.Join(words, ", "))
	}
	return fault.New(fault.LogInvalid, "it proves no time of its own, and %q is not trusted at %s", e.logs[0].name, strings.Join(words, ", ")).
		WithHint("give a time stamp from when the log was trusted, or verify at that time")
}
