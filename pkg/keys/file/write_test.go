package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

func stageFile(t *testing.T, dir, content string) (target, string) {
	t.Helper()
	goal := target{path: filepath.Join(dir, "k"), content: []byte(content), mode: 0o600}
	staged, err := goal.stage()
	require.NoError(t, err)
	return goal, staged
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// TestReplaceUndo takes back what replaced an older file.
func TestReplaceUndo(t *testing.T) {
	dir := t.TempDir()
	goal, staged := stageFile(t, dir, "new")
	require.NoError(t, os.WriteFile(goal.path, []byte("old"), 0o600))
	p, err := goal.replace(staged)
	require.NoError(t, err)
	assert.Equal(t, "new", content(t, goal.path))
	require.NoError(t, p.undo())
	assert.Equal(t, "old", content(t, goal.path))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// TestWritePairUndo has the second file fail after the first is in place, by
// giving both the same name.
func TestWritePairUndo(t *testing.T) {
	dir := t.TempDir()
	both := target{path: filepath.Join(dir, "k"), content: []byte("new"), mode: 0o600}
	err := writePair(both, both, false)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)
}

// TestReserve is publish on a file system without hard links.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	goal, staged := stageFile(t, dir, "new")
	_, err := goal.reserve(staged)
	require.NoError(t, err)
	assert.Equal(t, "new", content(t, goal.path))
	_, staged = stageFile(t, dir, "newer")
	_, err = goal.reserve(staged)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err))
	assert.Equal(t, "new", content(t, goal.path))
	_, err = goal.publish(staged, false)
	assert.Equal(t, fault.OutputExists, fault.ReasonOf(err), "a name that is taken between check and publish")
}

// TestReserveFailure leaves no empty file behind.
func TestReserveFailure(t *testing.T) {
	goal := target{path: filepath.Join(t.TempDir(), "k")}
	_, err := goal.reserve(filepath.Join(t.TempDir(), "missing"))
	assert.Equal(t, fault.OutputFailed, fault.ReasonOf(err))
	assert.NoFileExists(t, goal.path)
}
