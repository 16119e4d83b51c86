package trust_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// exportOf are the files of what is published.
func exportOf(t *testing.T, w *world) map[string][]byte {
	t.Helper()
	files, err := w.publisher.Export(w.now)
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range files {
		out[f.Name] = f.Content
	}
	return out
}

// TestExamine reads exactly what an import needs, whatever else lies there.
func TestExamine(t *testing.T) {
	w := newWorld(t)
	w.renew()
	files := exportOf(t, w)
	files["metadata/old.json"], files["targets/stray"] = []byte("{}"), []byte("x")
	source, err := trust.MemorySource("medium", files)
	require.NoError(t, err)
	found, err := trust.Examine(source, w.now, nil)
	require.NoError(t, err)
	sum := sha256.Sum256(files["metadata/1.root.json"])
	assert.Equal(t, hex.EncodeToString(sum[:]), found.RootSHA256)
	assert.Len(t, found.Contents.Keys, 1)
	assert.Len(t, found.Trust.Keys(), 1)
	assert.Len(t, found.Roles, 4)

	needed := map[string][]byte{}
	for _, f := range found.Files {
		assert.True(t, bytes.Equal(files[f.Name], f.Content), f.Name)
		needed[f.Name] = f.Content
	}
	assert.NotContains(t, needed, "targets/stray")
	assert.NotContains(t, needed, "metadata/old.json")
	again, err := trust.MemorySource("needed", needed)
	require.NoError(t, err)
	_, err = trust.Examine(again, w.now, nil)
	assert.NoError(t, err)
}

// TestExamineRefuses what an import would: each file missing, or changed.
func TestExamineRefuses(t *testing.T) {
	w := newWorld(t)
	for name := range exportOf(t, w) {
		for what, change := range map[string]func(map[string][]byte){
			"missing": func(files map[string][]byte) { delete(files, name) },
			"changed": func(files map[string][]byte) { files[name] = bytes.Replace(files[name], []byte("a"), []byte("b"), 1) },
		} {
			files := exportOf(t, w)
			change(files)
			source, err := trust.MemorySource("medium", files)
			if err == nil {
				_, err = trust.Examine(source, w.now, nil)
			}
			require.Error(t, err, "%s %s", name, what)
			assert.True(t, strings.HasPrefix(string(fault.ReasonOf(err)), "trust."), "%s %s: %v", name, what, err)
		}
	}
	source, err := trust.MemorySource(filepath.Base(w.dir), exportOf(t, w))
	require.NoError(t, err)
	_, err = trust.Examine(source, w.now.Add(1000*day), nil)
	assert.Equal(t, fault.TrustExpired, fault.ReasonOf(err))
}
