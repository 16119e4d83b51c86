// Package docs holds no code: its test checks what the pages refer to.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/pages"
)

// TestThreatModelNamesTests holds each row of the threat model to a test that
// is there.
func TestThreatModelNamesTests(t *testing.T) {
	page, err := os.ReadFile("threat-model.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9/-]+)\\.((?:Test|Fuzz)[A-Za-z0-9]+)`")
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

// TestCommandsOfPagesAreRun: every command that a page about keys shows is run by
// a test that is there, or listed as one that cannot be.
func TestCommandsOfPagesAreRun(t *testing.T) {
	names, err := filepath.Glob("keys/*.md")
	require.NoError(t, err)
	names = append(names, "formats/policy.md", "formats/state.md", "formats/verdict.md", "trust.md", "kits.md", "kits-import.md", "promotion.md", "formats/export.md")
	var shown []pages.Runner
	exceptions := pages.NotRun()
	for _, name := range names {
		text := pages.Read(t, "..", filepath.ToSlash(name))
		commands := pages.Parse(text)
		at := slices.IndexFunc(pages.Runners(), func(r pages.Runner) bool { return r.Page == filepath.ToSlash(name) })
		require.Equal(t, len(commands) > 0, at >= 0, "%s and the list of who runs its commands", name)
		if at >= 0 {
			shown = append(shown, pages.Runners()[at])
		}
		exceptions = slices.DeleteFunc(exceptions, func(e pages.Exception) bool {
			return slices.ContainsFunc(commands, func(c pages.Command) bool { return e.Page == filepath.ToSlash(name) && e.Line == c.Line && e.Why != "" })
		})
		assert.Empty(t, commandsElsewhere(text), "commands of %s outside a session, which nothing runs", name)
	}
	assert.Empty(t, exceptions, "listed as not run, and shown nowhere")
	assert.ElementsMatch(t, pages.Runners(), shown)
	for _, r := range shown {
		assert.True(t, hasTest(t, r.Package, r.Test), "%s has no %s", r.Package, r.Test)
	}
}

// commandsElsewhere returns the lines of a page that look like commands and stand in
// another block than a session. Programs in a block of the language sh are files.
func commandsElsewhere(page string) []string {
	command := regexp.MustCompile(`^(\$ )?(sudo )?(stella|openssl|ssh-keygen|softhsm2-util|pkcs11-tool|fido2-token|make|export|go) `)
	var found []string
	fence := ""
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		language, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && fence == "":
			fence = "```" + language
		case isFence:
			fence = ""
		case fence == "" && !strings.HasPrefix(line, "    "), fence == "```console", fence == "```sh":
		case command.MatchString(strings.TrimSpace(line)):
			found = append(found, line)
		}
	}
	return found
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
