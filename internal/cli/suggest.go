package cli

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/spelling"
)

// slip returns the candidate that differs from word by at most two typing
// mistakes.
func slip(word string, candidates []string) (string, bool) {
	for _, c := range candidates {
		if spelling.Distance(word, c) <= 2 {
			return c, true
		}
	}
	return "", false
}

// chooseHint names the nearest candidate, or all if none is near.
func chooseHint(word string, candidates []string) string {
	if near, ok := spelling.Nearest(word, candidates); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "choose one of: " + strings.Join(candidates, ", ")
}
