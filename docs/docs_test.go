// Package docs holds no code: its test checks what the pages refer to.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestThreatModelNamesTests holds each row of the threat model to a test that
// is there.
func TestThreatModelNamesTests(t *testing.T) {
	page, err := os.ReadFile("threat-model.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`")
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| threat |") || strings.HasPrefix(line, "| --- |") {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(line, -1)
		assert.NotEmpty(t, tests, "no test holds this row: %s", line)
		for _, test := range tests {
			assert.True(t, hasTest(t, test[1], test[2]), "%s has no %s", test[1], test[2])
		}
	}
	assert.Greater(t, rows, 20, "the table was not read")
}

// hasTest tells whether a package's tests hold a function.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(source), "\nfunc "+name+"(") {
			return true
		}
	}
	return false
}

// TestLinks follows every relative link between the pages.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	followed := 0
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md", "*/*/*.md", "../testdata/*.md"} {
		pages, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, page := range pages {
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, to := range link.FindAllStringSubmatch(string(text), -1) {
				followed++
				_, err := os.Stat(filepath.Join(filepath.Dir(page), to[1]))
				assert.NoError(t, err, "link in %s", page)
			}
		}
	}
	assert.Greater(t, followed, 10, "no links were read")
}
