package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

// A store that others may write, or that is a link, is not used, not even for reading.
func TestUnsafeStores(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	for name, place := range map[string]func(w *world) string{
		"kits":     func(w *world) string { return w.store.Dir() },
		"channel":  func(w *world) string { return filepath.Join(w.store.Dir(), channel) },
		"payloads": func(w *world) string { return filepath.Join(w.store.Dir(), channel, "payloads") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.mustImport(w.newKit(1).pack())
			next, dir := w.newKit(2).pack(), place(w)
			refused := func() {
				t.Helper()
				_, err := w.imports(next)
				requireReason(t, fault.StateUnusable, err)
				assert.ErrorContains(t, err, dir)
				_, err = w.store.Status(channel, w.now)
				requireReason(t, fault.StateUnusable, err)
				_, err = w.rollback("a try")
				requireReason(t, fault.StateUnusable, err)
			}
			for _, mode := range []os.FileMode{0o720, 0o702, 0o777} {
				require.NoError(t, os.Chmod(dir, mode))
				refused()
			}
			require.NoError(t, os.Chmod(dir, 0o700))
			require.NoError(t, os.Rename(dir, dir+".moved"))
			require.NoError(t, os.Symlink(dir+".moved", dir))
			refused()
			require.NoError(t, os.Remove(dir))
			require.NoError(t, os.Rename(dir+".moved", dir))
			w.mustImport(next)
		})
	}
}

// A quarantine that is a link is not followed.
func TestUnsafeQuarantine(t *testing.T) {
	w := newWorld(t)
	elsewhere := t.TempDir()
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(w.dir, "auditor", "quarantine")))
	done, err := w.imports(w.signedBy(w.stranger))
	requireReason(t, fault.SignatureUntrusted, err)
	assert.Nil(t, done.Quarantined)
	requireReason(t, fault.StateUnusable, done.QuarantineFailed)
	assert.Empty(t, entries(t, elsewhere))
}

// What an interrupted import left, whatever it is, goes with the next one, and links in
// it are not followed.
func TestLeftovers(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(1).pack())
	payloads := filepath.Join(w.store.Dir(), channel, "payloads")
	precious := filepath.Join(w.dir, "precious", "file")
	put(t, precious, []byte("precious"))
	put(t, filepath.Join(payloads, "2-2", "payload", "half"), []byte("half"))
	put(t, filepath.Join(w.store.Dir(), channel, ".stella-ABC.tmp"), []byte("half"))
	require.NoError(t, os.Symlink(filepath.Dir(precious), filepath.Join(payloads, "2-2", "link")))
	require.NoError(t, os.Symlink(filepath.Dir(precious), filepath.Join(payloads, "3-2")))
	assert.Equal(t, []string{filepath.Join(payloads, "2-2"), filepath.Join(payloads, "3-2")}, w.store.Interrupted())
	k := w.newKit(2)
	w.mustImport(k.pack())
	w.requireActive(k)
	assert.Empty(t, w.store.Interrupted())
	assert.Equal(t, "precious", string(read(t, precious)))
}

// Of imports at the same time each waits for the other, and the higher version is
// active in the end.
func TestImportsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(1).pack())
	kits := []*kit{w.newKit(2), w.newKit(3), w.newKit(4)}
	var from []string
	for _, k := range kits {
		from = append(from, k.pack())
	}
	errs := make([]error, len(from))
	var all sync.WaitGroup
	for i := range from {
		all.Go(func() { _, errs[i] = w.imports(from[i]) })
	}
	all.Wait()
	for _, err := range errs[:len(errs)-1] {
		if err != nil {
			requireReason(t, fault.KitVersion, err)
		}
	}
	require.NoError(t, errs[len(errs)-1])
	w.requireActive(kits[len(kits)-1])
}

// The same kit by two at the same time is imported once.
func TestSameKitAtOnce(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(1)
	from := k.pack()
	done, errs := make([]*store.Imported, 2), make([]error, 2)
	var all sync.WaitGroup
	for i := range done {
		all.Go(func() { done[i], errs[i] = w.imports(from) })
	}
	all.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	assert.NotEqual(t, done[0].Already, done[1].Already)
	w.requireActive(k)
	assert.Len(t, w.status().History, 1)
}

func TestNoHome(t *testing.T) {
	w := newWorld(t)
	w.store = store.New("", "")
	_, err := w.imports(w.newKit(1).pack())
	requireReason(t, fault.KitFailed, err)
	_, err = w.store.Choose("")
	requireReason(t, fault.KitNotFound, err)
}

// A kit for which there is no room is refused before anything is written.
func TestNoRoom(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(1)
	k.claims = map[string]int64{"payload/documents/empty": 1 << 50}
	_, err := w.imports(k.unpack())
	requireReason(t, fault.KitSpace, err)
	assert.ErrorContains(t, err, "are free")
	assert.NoDirExists(t, filepath.Join(w.store.Dir(), channel))
}

// What an interrupted import left is counted as room, since it goes first.
func TestLeftoversAreRoom(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(1)
	from := k.pack()
	const disk = 64 << 20
	w.store.Free = func(string) (int64, bool) {
		left := int64(disk)
		for _, content := range filesBelow(t, filepath.Join(w.dir, "auditor")) {
			left -= int64(len(content))
		}
		return left, true
	}
	left := filepath.Join(w.store.Dir(), channel, "payloads", "1-1", "payload", "half")
	put(t, left, make([]byte, disk-(1<<20)))
	require.NoError(t, os.Chmod(filepath.Join(w.store.Dir(), channel, "payloads"), 0o700))
	dry := w.options()
	dry.DryRun = true
	_, err := w.importWith(from, dry)
	require.NoError(t, err)
	assert.FileExists(t, left)
	w.mustImport(from)
	w.requireActive(k)

	large := w.newKit(2)
	large.claims = map[string]int64{"payload/documents/empty": disk}
	_, err = w.imports(large.unpack())
	requireReason(t, fault.KitSpace, err)
	w.requireActive(k)
}
