package cli

import (
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/fault"
)

// parseInstant reads the value of a flag that takes a time.
func parseInstant(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.IsZero() {
		return time.Time{}, fault.New(fault.UsageInvalid, "--%s %q is not a time", flag, text).
			WithHint("write it as RFC 3339 does: 2026-11-23T12:00:00Z")
	}
	return t.UTC(), nil
}

// day is how long a day of a span is.
const day = 24 * time.Hour

// maxSpan bounds a span: no key is planned for longer.
const maxSpan = 100 * 366 * day

// parseSpan reads the value of a flag that takes a length of time: whole days
// such as 30d, or hours, minutes and seconds such as 36h.
func parseSpan(flag, text string) (time.Duration, error) {
	span, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var n int64
		n, err = strconv.ParseInt(days, 10, 32)
		span = time.Duration(min(n, int64(maxSpan/day)+1)) * day
	}
	if err != nil || span < 0 || span > maxSpan {
		return 0, fault.New(fault.UsageInvalid, "--%s %q is not a span of time", flag, text).
			WithHint("write days such as 30d, or hours such as 36h")
	}
	return span, nil
}

// parseLimit is parseSpan for a limit, of which no time at all would be none.
func parseLimit(flag, text string) (time.Duration, error) {
	span, err := parseSpan(flag, text)
	if err == nil && span == 0 {
		err = fault.New(fault.UsageInvalid, "--%s %q is no time at all", flag, text).
			WithHint("write days such as 30d, or hours such as 36h; leave the flag away for the default")
	}
	return span, err
}

// parseMoment reads the value of a flag that takes a time or a span from now on.
func parseMoment(flag, text string, now time.Time) (time.Time, error) {
	if span, err := parseSpan(flag, text); err == nil {
		return now.Add(span).UTC(), nil
	}
	t, err := parseInstant(flag, text)
	if err != nil {
		return time.Time{}, fault.New(fault.UsageInvalid, "--%s %q is neither a time nor a span of time", flag, text).
			WithHint("write 2026-11-23T12:00:00Z, or a span from now on such as 365d")
	}
	return t, nil
}
