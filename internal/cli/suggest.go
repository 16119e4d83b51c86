package cli

import (
	"fmt"
	"strings"
)

// nearest returns the candidate that a person most likely meant: one that word
// begins or that word abbreviates, or one that is at most a third of it away.
func nearest(word string, candidates []string) (string, bool) {
	if len(word) > maxCompared {
		return "", false
	}
	best, bestDistance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		d := distance(strings.ToLower(word), c)
		if len(word) > 1 && (strings.HasPrefix(c, word) || strings.HasPrefix(word, c) && len(c) > 2) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best, best != ""
}

// slip returns the candidate that differs from word by at most two typing
// mistakes.
func slip(word string, candidates []string) (string, bool) {
	for _, c := range candidates {
		if distance(word, c) <= 2 {
			return c, true
		}
	}
	return "", false
}

// chooseHint names the nearest candidate, or all if none is near.
func chooseHint(word string, candidates []string) string {
	if near, ok := nearest(word, candidates); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "choose one of: " + strings.Join(candidates, ", ")
}

// maxCompared bounds the words that are compared, in bytes; the cost is the
// product of their lengths.
const maxCompared = 64

// distance is the optimal string alignment distance: insertions, deletions,
// replacements and exchanges of neighbours that turn a into b.
func distance(a, b string) int {
	if len(a) > maxCompared || len(b) > maxCompared {
		return maxCompared
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
