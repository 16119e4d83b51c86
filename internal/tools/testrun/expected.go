package main

import (
	"fmt"
	"strconv"
	"strings"
)

// quota is a number of tests: exactly it or, with atLeast, no fewer.
type quota struct {
	n       int
	atLeast bool
}

func (q quota) String() string {
	if q.atLeast {
		return fmt.Sprintf("%d or more", q.n)
	}
	return strconv.Itoa(q.n)
}

func (q quota) holds(n int) bool {
	return n == q.n || q.atLeast && n > q.n
}

// expected finds a suite's row in the table: "NAME NUMBER", where "NUMBER+" means
// at least; "#" starts a comment.
func expected(table, suite string) (quota, error) {
	for line := range strings.Lines(table) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != suite {
			continue
		}
		digits, atLeast := strings.CutSuffix(fields[1], "+")
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 {
			return quota{}, fmt.Errorf("malformed expected.txt: %q is not a number of tests", fields[1])
		}
		return quota{n, atLeast}, nil
	}
	return quota{}, fmt.Errorf("suite %q has no row in expected.txt", suite)
}
