package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// exampleWorlds gives each command's examples a directory in which the lines of a setup have
// run. It is always the same directory, so that a path which a file there names is good, and
// what it held behind a setup is kept: many commands begin with the same lines, and each line
// is a process of its own.
type exampleWorlds struct {
	dir  string
	kept []keptWorld
}

// keptWorld is a copy of the directory as it was behind some lines.
type keptWorld struct {
	lines []string
	copy  string
}

// newExampleWorlds keeps the world in which no line has run: the files of testdata/examples,
// and evidence that no command of ours makes.
func newExampleWorlds(t *testing.T) *exampleWorlds {
	t.Helper()
	w := &exampleWorlds{dir: filepath.Join(t.TempDir(), "world")}
	require.NoError(t, os.CopyFS(w.dir, os.DirFS(filepath.Join("testdata", "examples"))))
	issue(t, w.dir)
	w.keep(t, nil)
	return w
}

// enter returns the directory as it is when nothing but lines has run there.
func (w *exampleWorlds) enter(t *testing.T, lines []string) string {
	t.Helper()
	nearest := w.nearest(lines)
	require.NoError(t, os.RemoveAll(w.dir))
	copyTree(t, nearest.copy, w.dir)
	rest := lines[len(nearest.lines):]
	for _, line := range rest {
		status, text := shell(t, w.dir, line)
		require.Zero(t, status, "setup: %s\n%s", line, text)
	}
	if len(rest) > 0 {
		w.keep(t, lines)
	}
	return w.dir
}

// nearest is the kept world that has run the most of the lines and nothing else.
func (w *exampleWorlds) nearest(lines []string) keptWorld {
	var best keptWorld
	for _, k := range w.kept {
		if n := len(k.lines); n <= len(lines) && slices.Equal(k.lines, lines[:n]) && (best.copy == "" || n > len(best.lines)) {
			best = k
		}
	}
	return best
}

func (w *exampleWorlds) keep(t *testing.T, lines []string) {
	t.Helper()
	k := keptWorld{slices.Clone(lines), w.dir + "." + strconv.Itoa(len(w.kept))}
	copyTree(t, w.dir, k.copy)
	w.kept = append(w.kept, k)
}

// copyTree copies a directory with modes and times.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "cp", "-a", from, to).CombinedOutput() // #nosec G204 -- directories of the test
	require.NoError(t, err, "%s", out)
}
