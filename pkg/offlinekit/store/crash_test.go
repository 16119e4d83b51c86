package store_test

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/atomicfile/crashtest"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

// content is every file of a kit, by the version of the kit.
type content map[string]map[string]string

func contentOf(kits ...*kit) content {
	out := content{}
	for _, k := range kits {
		h := k.header()
		files := maps.Clone(k.files)
		files[offlinekit.ManifestName] = string(h.ManifestText())
		out[fmt.Sprint(k.manifest.Version)] = files
	}
	return out
}

// whole says what files of a store hold: the version that is active, if every file of
// it is as the kit has it; else what is wrong.
func (c content) whole(dir string, files map[string][]byte) string {
	base := filepath.Join(dir, channel)
	text, there := files[filepath.Join(base, "state.json")]
	if !there {
		return "no state"
	}
	var state struct {
		Active struct {
			Version   string `json:"version"`
			Directory string `json:"directory"`
		} `json:"active"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return "a state that cannot be read"
	}
	kit, known := c[state.Active.Version]
	if !known {
		return fmt.Sprintf("version %q, which no kit has", state.Active.Version)
	}
	for name, want := range kit {
		if got, there := files[filepath.Join(base, "payloads", state.Active.Directory, filepath.FromSlash(name))]; !there || string(got) != want {
			return "a mix: " + name
		}
	}
	return "version " + state.Active.Version
}

// rebuilt puts files of a store into a new directory, where the auditor then is.
func (w *world) rebuilt(from string, files map[string][]byte) {
	w.t.Helper()
	dir, err := os.MkdirTemp(w.dir, "crash")
	require.NoError(w.t, err)
	for path, content := range files {
		rel, err := filepath.Rel(from, path)
		require.NoError(w.t, err)
		path := filepath.Join(dir, "kits", rel)
		require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(w.t, os.WriteFile(path, content, 0o600))
	}
	w.store = store.New(filepath.Join(dir, "kits"), filepath.Join(dir, "quarantine"))
}

// crashed records the import of version 3 where versions 1 and 2 are, and returns what a
// power failure could leave active: at any moment, and after it was reported as done.
// Every so many of the different states are put on a disk, where version 4 is imported;
// with 0 none is, and the kit has a few files only.
func crashed(t *testing.T, r *crashtest.Recorder, every int) (ever, after map[string]int) {
	t.Helper()
	w := newWorld(t)
	first, second, third, fourth := w.newKit(1), w.newKit(2), w.newKit(3), w.newKit(4)
	w.mustImport(first.pack())
	w.mustImport(second.pack())
	begun := w.store.Dir()
	before := filesBelow(t, begun)
	if every == 0 {
		maps.DeleteFunc(third.files, func(name, _ string) bool { return strings.HasPrefix(name, offlinekit.TrustDir) })
	}
	from, next := third.pack(), fourth.pack()
	w.store.FS = r
	w.mustImport(from)
	ever, after = map[string]int{}, map[string]int{}
	either := contentOf(second, third)
	seen := map[uint64]string{}
	seed := maphash.MakeSeed()
	r.Crashes(before, func(s crashtest.State) {
		sum := sumOf(seed, s.Files)
		text, known := seen[sum]
		if !known {
			text = either.whole(begun, s.Files)
			seen[sum] = text
		}
		ever[text]++
		if s.Finished {
			after[text]++
		}
		if known || every == 0 || len(seen)%every != 0 {
			return
		}
		w.rebuilt(begun, s.Files)
		w.mustImport(next)
		w.requireActive(fourth)
		require.NoError(t, os.RemoveAll(filepath.Dir(w.store.Dir())))
	})
	t.Logf("%d different states: %v", len(seen), ever)
	return ever, after
}

func sumOf(seed maphash.Seed, files map[string][]byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		_, _ = fmt.Fprintf(&h, "%s %d\n", name, len(files[name]))
		_, _ = h.Write(files[name])
	}
	return h.Sum64()
}

func TestPowerFailureLeavesOldOrNewKit(t *testing.T) {
	ever, after := crashed(t, crashtest.NewRecorder(), 100)
	assert.ElementsMatch(t, []string{"version 2", "version 3"}, slices.Collect(maps.Keys(ever)))
	assert.ElementsMatch(t, []string{"version 3"}, slices.Collect(maps.Keys(after)))
}

// Without the syncs it would not be so, and the test above would notice.
func TestPowerFailureWithoutSyncs(t *testing.T) {
	for name, forget := range map[string]func(*crashtest.Recorder){
		"of files":       func(r *crashtest.Recorder) { r.IgnoreSync = true },
		"of directories": func(r *crashtest.Recorder) { r.IgnoreSyncDir = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := crashtest.NewRecorder()
			forget(r)
			ever, _ := crashed(t, r, 0)
			assert.Greater(t, len(ever), 2, "nothing else than whole kits")
		})
	}
}

// failing is a file system whose n-th change fails.
type failing struct {
	atomicfile.FS
	left atomic.Int64
	with error
}

func newFailing(n int, with error) *failing {
	f := &failing{FS: atomicfile.OS(), with: with}
	f.left.Store(int64(n))
	return f
}

func (f *failing) fails() bool { return f.left.Add(-1) == 0 }

func (f *failing) Create(name string, mode fs.FileMode) (atomicfile.Handle, error) {
	if f.fails() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.with}
	}
	h, err := f.FS.Create(name, mode)
	return &failingHandle{h, f}, err
}

func (f *failing) Mkdir(name string, mode fs.FileMode) error {
	if f.fails() {
		return &fs.PathError{Op: "mkdir", Path: name, Err: f.with}
	}
	return f.FS.Mkdir(name, mode)
}

func (f *failing) Rename(from, to string) error {
	if f.fails() {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: f.with}
	}
	return f.FS.Rename(from, to)
}

func (f *failing) Remove(name string) error {
	if f.fails() {
		return &fs.PathError{Op: "remove", Path: name, Err: f.with}
	}
	return f.FS.Remove(name)
}

func (f *failing) SyncDir(name string) error {
	if f.fails() {
		return &fs.PathError{Op: "sync", Path: name, Err: f.with}
	}
	return f.FS.SyncDir(name)
}

type failingHandle struct {
	atomicfile.Handle
	fs *failing
}

func (h *failingHandle) Write(b []byte) (int, error) {
	if h.fs.fails() {
		return len(b) / 2, h.fs.with
	}
	return h.Handle.Write(b)
}

func (h *failingHandle) Sync() error {
	if h.fs.fails() {
		return h.fs.with
	}
	return h.Handle.Sync()
}

// A full disk at every write, rename, removal and sync leaves the old kit or the new
// one, and the next import works.
func TestFullDiskLeavesOldOrNewKit(t *testing.T) {
	w := newWorld(t)
	first, second, third := w.newKit(1), w.newKit(2), w.newKit(3)
	w.mustImport(first.pack())
	begun := w.store.Dir()
	before := filesBelow(t, begun)
	from, next, either := second.pack(), third.pack(), contentOf(first, second)
	failures := 0
	for n := 1; ; n++ {
		w.rebuilt(begun, before)
		f := newFailing(n, syscall.ENOSPC)
		w.store.FS = f
		_, err := w.imports(from)
		w.store.FS = nil
		active := either.whole(w.store.Dir(), filesBelow(t, w.store.Dir()))
		if err != nil {
			failures++
			assert.Contains(t, []fault.Reason{fault.KitSpace, fault.KitFailed}, fault.ReasonOf(err), "%v", err)
			assert.Contains(t, err.Error(), "no space left")
			assert.Contains(t, []string{"version 1", "version 2"}, active, "after failure %d", n)
		} else {
			assert.Equal(t, "version 2", active)
		}
		w.mustImport(next)
		w.requireActive(third)
		if f.left.Load() > 0 {
			break // no change failed
		}
	}
	assert.Greater(t, failures, 50, "no write failed")
}

var errBroken = errors.New("input/output error")

// What cannot be removed is no reason to fail, and goes with the next import.
func TestBrokenDiskNamesTheFile(t *testing.T) {
	w := newWorld(t)
	w.store.FS = newFailing(9, errBroken)
	_, err := w.imports(w.newKit(1).pack())
	requireReason(t, fault.KitFailed, err)
	assert.ErrorContains(t, err, "input/output error")
	assert.ErrorContains(t, err, w.store.Dir())
}
