//go:build interop

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeSession types the session of the README, word for word.
func TestReadmeSession(t *testing.T) {
	readme := string(read(t, fromRoot(t), "README.md"))
	_, session, found := strings.Cut(readme, "```console\n")
	require.True(t, found)
	session, _, _ = strings.Cut(session, "```")

	dir, bin := prepare(t), t.TempDir()
	require.NoError(t, os.Rename(filepath.Join(dir, "sbom.json"), filepath.Join(dir, "app.cdx.json")))
	require.NoError(t, os.Symlink(program(t, "bin", "stella"), filepath.Join(bin, "stella")))
	require.NoError(t, os.Symlink(program(t, ".cache", "oracles", "cosign-v3"), filepath.Join(bin, "cosign")))

	session = strings.ReplaceAll(session, "\\\n", " ")
	commands := 0
	for line := range strings.Lines(session) {
		command, found := strings.CutPrefix(strings.TrimSpace(line), "$ ")
		if !found {
			continue
		}
		commands++
		r := run(t, dir, "/bin/sh", "-c", "PATH="+bin+":$PATH; "+command)
		require.Zero(t, r.status, "%s\n%s%s", command, r.stdout, r.stderr)
	}
	require.Equal(t, 4, commands)
}
