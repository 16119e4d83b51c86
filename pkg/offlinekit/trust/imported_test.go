package trust_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// inMemory are the files of an export as they stand in a kit.
func inMemory(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for path, content := range filesBelow(t, dir) {
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		files["trust/"+filepath.ToSlash(name)] = content
	}
	return files
}

// What an import leads to can be opened, also where a dry run does not keep it.
func TestImportedCanBeOpened(t *testing.T) {
	w, dir := newStick(t)
	source, err := trust.MemorySource("the kit", inMemory(t, dir))
	require.NoError(t, err)
	for _, dry := range []bool{true, false} {
		done, err := w.home.Import(t.Context(), trust.DefaultName, source, trust.ImportOptions{Now: w.now, DryRun: dry})
		require.NoError(t, err)
		active, err := done.Open(w.now, w.now)
		require.NoError(t, err)
		assert.EqualValues(t, 2, active.Status.Imported.Targets)
		assert.NotEmpty(t, active.Trust.Keys())
		kept, err := w.open()
		require.NoError(t, err)
		assert.Equal(t, dry, kept.Status.Imported.Targets == 1)
	}
}

func TestMemoryWithoutTrust(t *testing.T) {
	_, err := trust.MemorySource("the kit", map[string][]byte{"payload/x": nil})
	requireReason(t, fault.TrustNotFound, err)
}
