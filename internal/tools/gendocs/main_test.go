package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

const repository = "../../.."

func TestGeneratedFilesAreCommitted(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	pages, err := generate(date())
	require.NoError(t, err)
	for name, want := range pages {
		got, err := os.ReadFile(filepath.Join(repository, name))
		if assert.NoError(t, err, "run go generate ./...") {
			assert.Equal(t, string(want), string(got), "%s is out of date: run go generate ./...", name)
		}
	}
	stale, err := unknownFiles(repository, pages)
	require.NoError(t, err)
	assert.Empty(t, stale, "files of commands that are gone: run go generate ./...")
}

func TestRunChangesNothingTheSecondTime(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, run(dir))
	gone := filepath.Join(dir, "man", "stella-gone.1")
	require.NoError(t, os.WriteFile(gone, nil, 0o644))
	kept := filepath.Join(dir, "man", "stella.1")
	past := time.Now().Add(-time.Hour).Truncate(time.Second)
	require.NoError(t, os.Chtimes(kept, past, past))

	require.NoError(t, run(dir))
	assert.NoFileExists(t, gone)
	info, err := os.Stat(kept)
	require.NoError(t, err)
	assert.True(t, info.ModTime().Equal(past), "an unchanged file was written again")
}

func TestDateComesFromTheEnvironment(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	assert.Equal(t, "1970-01-02", date().Format(time.DateOnly))
}

func TestReasonsPageHasEveryReason(t *testing.T) {
	page := string(reasonsPage())
	for _, e := range fault.Catalog() {
		assert.Contains(t, page, "| `"+string(e.Reason)+"` |")
	}
}

func TestManPagesListExitStatuses(t *testing.T) {
	pages, err := generate(date())
	require.NoError(t, err)
	page := string(pages["man/stella-keys-show.1"])
	assert.Contains(t, page, ".SH EXIT STATUS\n.TP\n\\fB0\\fP\n")
	assert.Contains(t, page, "\\fB4\\fP\nsomething demanded is missing")
	assert.Contains(t, page, ".SH EXAMPLE")
	assert.NotContains(t, page, "Auto generated")
}
