package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/atomicfile/crashtest"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

func TestRollback(t *testing.T) {
	w := newWorld(t)
	_, err := w.rollback("nothing to go back from")
	requireReason(t, fault.KitNotFound, err)
	assert.NoDirExists(t, w.store.Dir())
	first := w.newKit(1)
	w.mustImport(first.pack())
	_, err = w.rollback("nothing to go back to")
	requireReason(t, fault.KitNotFound, err)
	assert.ErrorContains(t, err, "version 1 is the only one that is kept")

	w.renew()
	second := w.newKit(2)
	w.mustImport(second.pack())
	done, err := w.rollback("version 2 breaks the scanner")
	require.NoError(t, err)
	assert.EqualValues(t, 2, done.Before.Version)
	w.requireActive(first)
	s := w.status()
	assert.EqualValues(t, 2, s.Previous.Version)
	assert.EqualValues(t, 2, s.Highest)
	assert.EqualValues(t, 2, w.trustVersion(), "trust never goes back")
	last := s.History[len(s.History)-1]
	assert.Equal(t, store.Event{Time: w.now, What: store.EventRollback, Version: 1, ManifestSHA256: done.Kit.ManifestSHA256, From: 2, Reason: "version 2 breaks the scanner", By: "auditor"}, last)

	_, err = w.imports(second.pack())
	requireReason(t, fault.KitVersion, err)
	_, err = w.rollback("it does not")
	require.NoError(t, err)
	w.requireActive(second)
	third := w.newKit(3)
	w.mustImport(third.pack())
	w.requireActive(third)
	assert.Len(t, w.status().History, 5)
}

// A kept kit that was damaged is none to go back to, and an active one can be unpacked
// anew.
func TestDamagedKits(t *testing.T) {
	w := newWorld(t)
	first, second := w.newKit(1), w.newKit(2)
	w.mustImport(first.pack())
	from := second.pack()
	w.mustImport(from)
	s := w.status()
	for name, reason := range map[string]fault.Reason{"payload/documents/a/b.txt": fault.KitMismatch, "manifest.json": fault.KitMismatch} {
		path := filepath.Join(s.Previous.Path, filepath.FromSlash(name))
		was := read(t, path)
		put(t, path, append([]byte{'\n'}, was...))
		_, err := w.rollback("a try")
		requireReason(t, reason, err)
		assert.ErrorContains(t, err, "the kept version 1 cannot be used")
		put(t, path, was)
	}
	w.requireActive(second)
	statement := filepath.Join(s.Previous.Path, "statement.dsse.json")
	was := read(t, statement)
	require.NoError(t, os.Remove(statement))
	_, err := w.rollback("a try")
	requireReason(t, fault.KitUnsigned, err)
	assert.ErrorContains(t, err, "the kept version 1 cannot be used")
	put(t, statement, was)

	require.NoError(t, os.RemoveAll(s.Active.Path))
	_, err = w.store.Status(channel, w.now)
	requireReason(t, fault.KitFailed, err)
	assert.Contains(t, fault.HintOf(err), "--force-activate")
	o := w.options()
	o.ForceReason = "its directory was removed"
	_, err = w.importWith(from, o)
	require.NoError(t, err)
	w.requireActive(second)
	assert.EqualValues(t, 1, w.status().Previous.Version, "the kit before stays the one to go back to")
}

// A power failure during a rollback leaves either kit.
func TestPowerFailureDuringRollback(t *testing.T) {
	w := newWorld(t)
	first, second := w.newKit(1), w.newKit(2)
	w.mustImport(first.pack())
	w.mustImport(second.pack())
	before := filesBelow(t, w.store.Dir())
	r := crashtest.NewRecorder()
	w.store.FS = r
	_, err := w.rollback("a try")
	require.NoError(t, err)
	either, ever := contentOf(first, second), map[string]bool{}
	r.Crashes(before, func(s crashtest.State) {
		text := either.whole(w.store.Dir(), s.Files)
		ever[text] = true
		if s.Finished {
			assert.Equal(t, "version 1", text)
		}
	})
	assert.Equal(t, map[string]bool{"version 1": true, "version 2": true}, ever)
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	names, err := w.store.Channels()
	require.NoError(t, err)
	assert.Empty(t, names)
	_, err = w.store.Choose("")
	requireReason(t, fault.KitNotFound, err)
	_, err = w.store.Status(channel, w.now)
	requireReason(t, fault.KitNotFound, err)
	_, err = w.store.Status("../x", w.now)
	requireReason(t, fault.UsageInvalid, err)

	w.mustImport(w.newKit(1).pack())
	name, err := w.store.Choose("")
	require.NoError(t, err)
	assert.Equal(t, channel, name)
	s, err := w.store.Status(channel, w.now.Add(30*day))
	require.NoError(t, err)
	assert.EqualValues(t, 30*day/time.Second, s.Active.AgeSeconds)
	require.NoError(t, s.Stale(30*day))
	err = s.Stale(30*day - time.Second)
	requireReason(t, fault.KitStale, err)
	assert.ErrorContains(t, err, "2026-11-29T12:00:00Z")

	w.mustImport(w.beta())
	_, err = w.store.Choose("")
	requireReason(t, fault.KitAmbiguous, err)
	assert.Contains(t, fault.HintOf(err), "beta, stable")
}

// A state that somebody wrote by hand, or that a newer program wrote, is not guessed at.
func TestStatesThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(1).pack())
	path := filepath.Join(w.store.Dir(), channel, "state.json")
	good := string(read(t, path))
	for name, change := range map[string]string{
		`"stella.ops/kitState@v1"`: `"stella.ops/kitState@v2"`, `"channel": "stable"`: `"channel": "beta"`,
		`"highest": "1"`: `"highest": "0"`, `"highest": "1",`: `"highest": "1", "more": 1,`, `"directory": "1-1"`: `"directory": "../1"`,
		`"event": "import"`: `"event": "gift"`, "{": "",
	} {
		changed := replaced(t, good, name, change)
		require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
		_, err := w.store.Status(channel, w.now)
		requireReason(t, fault.KitFailed, err)
		assert.NotEmpty(t, fault.HintOf(err))
		_, err = w.imports(w.newKit(2).pack())
		requireReason(t, fault.KitFailed, err)
		assert.DirExists(t, filepath.Join(w.store.Dir(), channel, "payloads", "1-1"), "nothing is removed in doubt")
	}
}

// Switching is one rename: until then, and after an error of it, the state on the disk
// says which kit is kept.
func TestFailedSwitch(t *testing.T) {
	w := newWorld(t)
	first := w.newKit(1)
	w.mustImport(first.pack())
	w.store.FS = noRename{atomicfile.OS()}
	_, err := w.imports(w.newKit(2).pack())
	requireReason(t, fault.KitFailed, err)
	w.store.FS = nil
	w.requireActive(first)
}

type noRename struct{ atomicfile.FS }

func (noRename) Rename(from, to string) error {
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: errBroken}
}

func replaced(t *testing.T, text, old, now string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.Replace(text, old, now, 1)
}
