package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// fakeTime is the variable in which faketime says how far it moves the clock: a sign,
// a number, and s, m, h, d or y; without a unit it is seconds.
const fakeTime = "FAKETIME"

// clock returns the time that the caller wants it to be.
func clock(now time.Time, fake string) (time.Time, error) {
	if fake == "" {
		return now, nil
	}
	unit := time.Second
	number := strings.TrimRight(fake, "smhdy")
	switch strings.TrimPrefix(fake, number) {
	case "", "s":
	case "m":
		unit = time.Minute
	case "h":
		unit = time.Hour
	case "d":
		unit = 24 * time.Hour
	case "y":
		unit = 365 * 24 * time.Hour
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || fake[0] != '+' && fake[0] != '-' {
		return now, fmt.Errorf("%s=%q is not an offset such as +18d", fakeTime, fake)
	}
	return now.Add(time.Duration(n * float64(unit))), nil
}
