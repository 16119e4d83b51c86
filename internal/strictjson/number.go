package strictjson

import "strconv"

// Numbers that may be large stand in documents of ours as text: JSON readers differ
// on those above 2^53.

// Number returns the text of n.
func Number(n int64) string { return strconv.FormatInt(n, 10) }

// IsCount allows the text of a number that is not negative, in its only form.
func IsCount(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n >= 0 && Number(n) == s
}

// IsNumber allows the text of a positive number, in its only form.
func IsNumber(s string) bool { return IsCount(s) && s != "0" }

// ParseNumber returns the number of a text that IsCount allows, and 0 for any other.
func ParseNumber(s string) int64 {
	if !IsCount(s) {
		return 0
	}
	n, _ := strconv.ParseInt(s, 10, 64) // IsCount parsed it
	return n
}
