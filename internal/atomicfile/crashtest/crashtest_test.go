package crashtest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/atomicfile/crashtest"
)

// leaves records the writing of a file and returns what a crash could leave of
// it: at any moment, and after the writer was told that it is done.
func leaves(t *testing.T, r *crashtest.Recorder, opts atomicfile.Options, before map[string][]byte) (ever, after map[string]bool) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "new", "file")
	at := make(map[string][]byte)
	if content, ok := before["file"]; ok {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, content, 0o600))
		at[path] = content
	}
	opts.FS = r
	require.NoError(t, atomicfile.MakeDir(r, filepath.Dir(path), 0o700))
	require.NoError(t, atomicfile.WriteFile(t.Context(), path, []byte("the new one"), opts))
	ever, after = make(map[string]bool), make(map[string]bool)
	r.Crashes(at, func(s crashtest.State) {
		content, ok := s.Files[path]
		text := "absent"
		if ok {
			text = string(content)
		}
		ever[text] = true
		if s.Finished {
			after[text] = true
		}
	})
	return ever, after
}

func set(words ...string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range words {
		out[w] = true
	}
	return out
}

func TestOutputsAreOldOrNew(t *testing.T) {
	ever, after := leaves(t, crashtest.NewRecorder(), atomicfile.Options{}, nil)
	assert.Equal(t, set("absent", "the new one"), ever)
	assert.Equal(t, set("the new one"), after)

	old := map[string][]byte{"file": []byte("the old one")}
	ever, after = leaves(t, crashtest.NewRecorder(), atomicfile.Options{Force: true}, old)
	assert.Equal(t, set("the old one", "the new one"), ever)
	assert.Equal(t, set("the new one"), after)
}

// A recorder that leaves a sync out finds what it was good for.
func TestMissingSyncsAreNoticed(t *testing.T) {
	old := map[string][]byte{"file": []byte("the old one")}
	r := crashtest.NewRecorder()
	r.IgnoreSync = true
	_, after := leaves(t, r, atomicfile.Options{Force: true}, old)
	assert.Equal(t, set("", "the n", "the new one", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), after)

	r = crashtest.NewRecorder()
	r.IgnoreSyncDir = true
	ever, after := leaves(t, r, atomicfile.Options{Force: true}, old)
	assert.Equal(t, set("the old one", "the new one"), ever)
	assert.Equal(t, set("the old one", "the new one"), after, "what was reported as done may be lost")
}

// Of many files whose names were never synced, any may be missing alone, and any may be
// there alone.
func TestManyUncertainNames(t *testing.T) {
	r := crashtest.NewRecorder()
	dir := t.TempDir()
	const files = 20
	for i := range files {
		h, err := r.Create(filepath.Join(dir, string(rune('a'+i))), 0o600)
		require.NoError(t, err)
		require.NoError(t, h.Close())
	}
	seen := map[int]int{}
	r.Crashes(nil, func(s crashtest.State) {
		if s.Finished {
			seen[len(s.Files)]++
		}
	})
	for _, n := range []int{0, 1, 10, files - 1, files} {
		assert.NotZero(t, seen[n], "%d files", n)
	}
	assert.Less(t, len(seen)*files, 1<<files)
}
