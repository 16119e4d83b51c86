package keys_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/pkg/keys"
)

func TestNearest(t *testing.T) {
	candidates := []string{"release", "release", "releases-2026", "staging", strings.Repeat("release", 100)}
	for _, row := range []struct {
		name string
		want []string
	}{
		{"relaese", []string{"release"}},
		{"RELEASE", []string{"release", "releases-2026"}},
		{"Stagin", []string{"staging"}},
		{"production", nil},
		{"r", nil},
		{"", nil},
		{strings.Repeat("release", 100), nil},
	} {
		assert.Equal(t, row.want, keys.Nearest(row.name, candidates), "%q", row.name)
	}
	assert.Equal(t, []string{"k1", "k2", "k3"}, keys.Nearest("k0", []string{"k1", "k2", "k3", "k4"}))
}

func TestNearestHint(t *testing.T) {
	for _, row := range []struct {
		name       string
		candidates []string
		want       string
	}{
		{"relaese", []string{"release", "other"}, `did you mean "release"?`},
		{"k0", []string{"k1", "k2"}, `did you mean "k1" or "k2"?`},
		{"x", nil, "there are no keys"},
		{"x", []string{"one\x1b[2J", "two"}, `the keys are "one\x1b[2J", "two"`},
		{"x", []string{strings.Repeat("a", 65)}, `the keys are "` + strings.Repeat("a", 64) + `…"`},
		{"x", strings.Split("aa bb cc dd ee ff gg hh ii jj", " "), `the keys are "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh" and 2 more`},
	} {
		assert.Equal(t, row.want, keys.NearestHint("keys", row.name, row.candidates), "%q", row.name)
	}
}
