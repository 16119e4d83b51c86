package trust_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

var update = flag.Bool("update-repository", false, "publish testdata/repository anew")

// TestRepositoryOfOldStillImports: what an earlier stella published and imported is
// still read. The directory was made by this test with -update-repository: an export
// after a rotation of the root, the state of who imported it, and its revocations.
func TestRepositoryOfOldStillImports(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "repository")
	if *update {
		publishRepository(t, dir)
	}
	w := newWorld(t)
	root := read(t, filepath.Join(dir, "metadata", "1.root.json"))
	_, err := w.home.Init(t.Context(), trust.DefaultName, "root.json", root, digestOf(root), w.now)
	require.NoError(t, err)
	w.now = w.now.Add(day)
	done := w.mustImport(dir)
	require.Equal(t, int64(2), done.Status.Imported.Root)
	require.Len(t, done.Status.Revocations, 1)
	require.Len(t, w.mustOpen().Trust.Keys(), 1)

	// The state that the earlier program wrote is opened as well.
	state := filepath.Join(w.home.Dir(), trust.DefaultName, "state.json")
	put(t, state, read(t, filepath.Join(dir, "state.json")))
	require.Len(t, w.mustOpen().Trust.Keys(), 1)
}

func publishRepository(t *testing.T, dir string) {
	t.Helper()
	w := newWorld(t)
	w.begin()
	w.now = w.now.Add(day / 2)
	_, err := w.publisher.RotateRoot(t.Context(), trust.Rotation{Add: newHolderKeys(t, "dave"), Now: w.now})
	require.NoError(t, err)
	id, err := dsse.KeyID(w.ci.Public())
	require.NoError(t, err)
	_, err = w.publisher.Revoke(t.Context(), w.now, trust.Revocation{KeyID: id, RevokedAt: w.now, Reason: "superseded"})
	require.NoError(t, err)
	w.sign(w.alice, w.carol, w.online)
	export := w.export()
	require.NoError(t, os.RemoveAll(dir))
	require.NoError(t, os.CopyFS(dir, os.DirFS(export)))
	w.now = start().Add(day)
	w.mustImport(export)
	put(t, filepath.Join(dir, "state.json"), read(t, filepath.Join(w.home.Dir(), trust.DefaultName, "state.json")))
	content, err := w.publisher.Target("revocations.json")
	require.NoError(t, err)
	put(t, filepath.Join(dir, "revocations.json"), content)
}
