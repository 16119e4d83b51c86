package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPages types the sessions of pages of the documentation, in a fresh copy
// of testdata/examples for each page. A command that is meant to fail ends in a
// comment: # exit 3.
func TestPages(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the sessions are lines for a Unix shell")
	}
	for _, page := range []string{"keys/sm2.md", "keys/post-quantum.md", "keys/profiles.md", "formats/verdict.md"} {
		t.Run(page, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(page)))
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "examples"))))
			lines := sessionLines(string(text))
			require.NotEmpty(t, lines)
			for _, line := range lines {
				command, comment, found := strings.Cut(line, "  # exit ")
				want := "0"
				if found {
					want = strings.TrimSpace(comment)
				}
				status, out := shell(t, dir, command)
				assert.Equal(t, want, strconv.Itoa(status), "%s\n%s", line, out)
			}
		})
	}
}

// sessionLines returns the commands of all console sessions of a page.
func sessionLines(page string) []string {
	var lines []string
	for {
		_, rest, found := strings.Cut(page, "```console\n")
		if !found {
			return lines
		}
		session, after, _ := strings.Cut(rest, "```")
		page = after
		for line := range strings.Lines(strings.ReplaceAll(session, "\\\n", " ")) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
				lines = append(lines, command)
			}
		}
	}
}
