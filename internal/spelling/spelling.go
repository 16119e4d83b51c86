// Package spelling finds the name that a person most likely meant.
package spelling

import (
	"cmp"
	"slices"
	"strings"
)

// maxCompared bounds the words that are compared, in bytes; the cost is the
// product of their lengths.
const maxCompared = 64

// Nearest returns the candidate that a person most likely meant: one that word
// begins or that word abbreviates, or one that is at most a third of it away.
func Nearest(word string, candidates []string) (string, bool) {
	near := Near(word, candidates, 1)
	if len(near) == 0 {
		return "", false
	}
	return near[0], true
}

// Near returns the candidates that Nearest would take, at most limit of them,
// the nearest first.
func Near(word string, candidates []string, limit int) []string {
	if len(word) > maxCompared {
		return nil
	}
	type scored struct {
		name string
		away int
	}
	var near []scored
	for _, c := range candidates {
		if len(c) > maxCompared {
			continue
		}
		if d := away(word, c); d <= max(1, len(word)/3) {
			near = append(near, scored{c, d})
		}
	}
	slices.SortStableFunc(near, func(a, b scored) int { return cmp.Compare(a.away, b.away) })
	var out []string
	for _, s := range near[:min(limit, len(near))] {
		out = append(out, s.name)
	}
	return out
}

func away(word, candidate string) int {
	word, candidate = strings.ToLower(word), strings.ToLower(candidate)
	d := Distance(word, candidate)
	begins := strings.HasPrefix(candidate, word) || strings.HasPrefix(word, candidate) && len(candidate) > 2
	if len(word) > 1 && begins {
		return min(d, 1)
	}
	return d
}

// Closest returns the candidate with the smallest distance, however far it is,
// without regard to case. There must be one.
func Closest(word string, candidates []string) string {
	word = strings.ToLower(word[:min(len(word), maxCompared)])
	return slices.MinFunc(candidates, func(a, b string) int {
		return Distance(word, strings.ToLower(a)) - Distance(word, strings.ToLower(b))
	})
}

// Distance is the optimal string alignment distance: insertions, deletions,
// replacements and exchanges of neighbours that turn a into b. Words over 64
// bytes are that far from everything.
func Distance(a, b string) int {
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
