package keys

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/spelling"
)

// Limits of what a hint lists: names come from devices and services.
const (
	maxNearest      = 3
	maxNearestBytes = 64
)

// Nearest returns those of the candidates that name most likely misspells: at
// most three, the nearest first. It is for hints: the candidates are whatever
// somebody wrote into a device, so quote them.
func Nearest(name string, candidates []string) []string {
	return spelling.Near(name, slices.Compact(slices.Clone(candidates)), maxNearest)
}

// NearestHint says which of the candidates was meant or, if none is near, which
// there are. what is their kind in the plural, such as "keys".
func NearestHint(what, name string, candidates []string) string {
	if near := Nearest(name, candidates); len(near) > 0 {
		return "did you mean " + quoteNames(near, " or ") + "?"
	}
	if len(candidates) == 0 {
		return "there are no " + what
	}
	shown := candidates[:min(len(candidates), 8)]
	text := fmt.Sprintf("the %s are %s", what, quoteNames(shown, ", "))
	if more := len(candidates) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// quoteNames quotes names and cuts those that would fill a screen.
func quoteNames(names []string, separator string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		if len(n) > maxNearestBytes {
			n = n[:maxNearestBytes] + "…"
		}
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, separator)
}
