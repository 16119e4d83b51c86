package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// hashOf is the hash of an event: over its line without details and salt
// (docs/formats/timeline.md, "An event").
func hashOf(event string) string {
	head, _, found := strings.Cut(event, `,"details":`)
	if found {
		head += "}\n"
	}
	return sum(head)
}

// head is how far a timeline goes.
func head(text string) (events uint64, hash string) {
	l := slices.Collect(strings.Lines(text))
	if len(l) == 0 {
		return 0, ""
	}
	return uint64(len(l)), hashOf(l[len(l)-1])
}

// chained numbers events anew, and has each name the one before it: the chain holds, and
// so do the hashes of the details. Only its head is another one.
func chained(events []string) []string {
	last := strings.Repeat("0", 64)
	out := make([]string, 0, len(events))
	for i, e := range events {
		if _, content, found := strings.Cut(e, `,"details":`); found {
			e = text("details_sha256", sum(`{"details":`+strings.TrimSuffix(content, "\n")))(e)
		}
		e = sequence(i + 1)(e)
		e = text("prev", last)(e)
		last = hashOf(e)
		out = append(out, e)
	}
	return out
}

// text returns a change to a member of an event that is a text.
func text(name, value string) func(string) string {
	return func(event string) string {
		return regexp.MustCompile(`"`+name+`":"[^"]*"`).ReplaceAllString(event, `"`+name+`":"`+value+`"`)
	}
}

// textOf is what a member of an event says.
func textOf(event, name string) string {
	_, after, _ := strings.Cut(event, `"`+name+`":"`)
	value, _, _ := strings.Cut(after, `"`)
	return value
}

// sequence returns a change to the number of an event.
func sequence(n int) func(string) string {
	return func(event string) string {
		return regexp.MustCompile(`"seq":[0-9]+`).ReplaceAllString(event, fmt.Sprintf(`"seq":%d`, n))
	}
}

// datedLike returns an event with time and id of another one's time: an id begins with
// its time in ten digits (https://github.com/ulid/spec).
func datedLike(event, other string) string {
	const timeDigits = 10
	id := textOf(other, "event_id")[:timeDigits] + textOf(event, "event_id")[timeDigits:]
	return text("event_id", id)(text("timestamp", textOf(other, "timestamp"))(event))
}
