package spelling_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/spelling"
)

func TestNearest(t *testing.T) {
	commands := []string{"sign", "verify", "version", "keys", "config"}
	for word, want := range map[string]string{
		"vrify": "verify", "verfiy": "verify", "versio": "version", "sing": "sign", "key": "keys",
		"conf": "config", "VERIFY": "verify", "xyzzy": "", "a": "", "": "", strings.Repeat("v", 1<<20): "",
	} {
		got, ok := spelling.Nearest(word, commands)
		assert.Equal(t, want, got, "%.20q", word)
		assert.Equal(t, want != "", ok)
	}
}

func TestDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"json", "jsn", 1}, {"STELLA_OFLINE", "STELLA_OFFLINE", 1},
	} {
		assert.Equal(t, row.want, spelling.Distance(row.a, row.b), "%q %q", row.a, row.b)
		assert.Equal(t, row.want, spelling.Distance(row.b, row.a), "%q %q", row.b, row.a)
	}
}

func TestNear(t *testing.T) {
	names := []string{"release-2026", "release-2025", "team", "Release"}
	assert.Equal(t, []string{"release-2026", "release-2025"}, spelling.Near("relaese-2026", names, 2))
	assert.Equal(t, []string{"release-2026"}, spelling.Near("release-206", names, 1))
	assert.Empty(t, spelling.Near("xyzzy", names, 3))
}

func TestClosest(t *testing.T) {
	assert.Equal(t, "notAfter", spelling.Closest("NOTAFTRE", []string{"name", "notBefore", "notAfter"}))
	assert.Equal(t, "name", spelling.Closest(strings.Repeat("x", 1<<20), []string{"name"}))
}
