package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/verify"
)

func TestImports(t *testing.T) {
	w := newWorld(t)
	first := w.newKit(1)
	done := w.mustImport(first.pack())
	w.requireActive(first)
	assert.Equal(t, []string{"builder"}, done.Kit.Signers)
	assert.Equal(t, w.status().Active.Path, done.Path)
	assert.Nil(t, done.Before)
	assert.EqualValues(t, 1, w.trustVersion())

	for version := int64(2); version < 5; version++ {
		w.renew()
		k := w.newKit(version)
		from := k.unpack()
		if version == 3 {
			from = k.pack()
		}
		done = w.mustImport(from)
		w.requireActive(k)
		assert.EqualValues(t, version-1, done.Before.Version)
		assert.EqualValues(t, version-1, w.status().Previous.Version)
		assert.EqualValues(t, version, w.trustVersion(), "the kit brings its trust")
	}
	s := w.status()
	assert.Len(t, s.History, 4)
	assert.Equal(t, store.EventImport, s.History[3].What)
	assert.Equal(t, "auditor", s.History[3].By)
}

func TestSameKitAgain(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(1)
	from := k.pack()
	w.mustImport(from)
	before := w.status()
	done := w.mustImport(from)
	assert.True(t, done.Already)
	assert.Equal(t, before, w.status())

	other := w.newKit(1)
	other.files["payload/documents/a/b.txt"] = "another"
	o := w.options()
	o.ForceReason = "two kits of one version are never one"
	for _, options := range []store.ImportOptions{w.options(), o} {
		_, err := w.importWith(other.pack(), options)
		requireReason(t, fault.KitReused, err)
		assert.ErrorContains(t, err, "version 1 of channel \"stable\"")
	}
	w.requireActive(k)
}

// That a kit is active already is said of one that was verified, and whose files are
// still there; also by a dry run.
func TestActiveKitIsVerifiedAgain(t *testing.T) {
	statement := func(dir string) string { return filepath.Join(dir, offlinekit.StatementName) }
	document := func(dir string) string { return filepath.Join(dir, "payload", "documents", "a", "b.txt") }
	for name, test := range map[string]struct {
		spoil  func(w *world, from, active string)
		reason fault.Reason
		blamed bool // the kit that was given, and not the one that is active
	}{
		"nothing":                        {spoil: func(*world, string, string) {}},
		"the statement is garbage":       {func(_ *world, from, _ string) { put(t, statement(from), []byte("{}")) }, fault.NotEvidence, true},
		"a file was changed":             {func(_ *world, from, _ string) { put(t, document(from), []byte("version X")) }, fault.KitMismatch, true},
		"the policy demands more now":    {func(w *world, _, _ string) { w.policy = func(p *verify.Policy) { p.Threshold = 2 } }, fault.SignatureThreshold, true},
		"a file is gone there":           {func(_ *world, _, active string) { require.NoError(t, os.Remove(document(active))) }, fault.KitIncomplete, false},
		"the statement is changed there": {func(_ *world, _, active string) { put(t, statement(active), []byte("{}")) }, fault.NotEvidence, false},
		"everything is gone there":       {func(_ *world, _, active string) { require.NoError(t, os.RemoveAll(active)) }, fault.InputNotFound, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			from := w.newKit(1).unpack()
			w.mustImport(from)
			active := w.status().Active.Path
			test.spoil(w, from, active)
			before := picture(t, w.store.Dir())
			for _, dry := range []bool{true, false} {
				o := w.options()
				o.DryRun = dry
				done, err := w.importWith(from, o)
				assert.True(t, done.Already)
				assert.Equal(t, test.blamed && !dry, done.Quarantined != nil)
				assert.Equal(t, before, picture(t, w.store.Dir()))
				if test.reason == "" {
					require.NoError(t, err)
					assert.Equal(t, active, done.Path)
					continue
				}
				requireReason(t, test.reason, err)
				if !test.blamed {
					assert.ErrorContains(t, err, "the kept version 1 cannot be used")
					assert.Contains(t, fault.HintOf(err), "--force-activate")
				}
			}
		})
	}
}

func TestReplayOfAnOlderKit(t *testing.T) {
	w := newWorld(t)
	old, newer := w.newKit(1), w.newKit(2)
	from := old.pack()
	w.mustImport(from)
	w.mustImport(newer.pack())
	done, err := w.imports(from)
	requireReason(t, fault.KitVersion, err)
	assert.ErrorContains(t, err, `version 1 of channel "stable", built at 2026-11-29T12:00:00Z, is not newer than version 2, which was active since 2026-11-29T12:00:00Z`)
	assert.Contains(t, fault.HintOf(err), "offline-kit rollback")
	require.NotNil(t, done.Quarantined)
	assert.Nil(t, done.Quarantined.Kept, "an old medium pushes nothing out")
	w.requireActive(newer)

	o := w.options()
	o.ForceReason = "version 2 breaks the scanner"
	done, err = w.importWith(from, o)
	require.NoError(t, err)
	assert.True(t, done.Forced)
	w.requireActive(old)
	s := w.status()
	last := s.History[len(s.History)-1]
	assert.Equal(t, store.Event{Time: w.now, What: store.EventForce, Version: 1, ManifestSHA256: done.Kit.ManifestSHA256, From: 2, Reason: "version 2 breaks the scanner", By: "auditor"}, last)
	assert.EqualValues(t, 2, s.Highest)

	_, err = w.imports(w.newKit(2).pack())
	requireReason(t, fault.KitVersion, err) // it has to be newer than all before
	w.mustImport(w.newKit(3).pack())
}

// A kit from before a renewal of trust that was imported by itself is judged by the
// newer trust, which stays.
func TestOlderTrustInAKitStaysOut(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(1)
	w.renew()
	w.mustImport(w.newKit(2).pack())
	require.EqualValues(t, 2, w.trustVersion())
	o := w.options()
	o.ForceReason = "back"
	done, err := w.importWith(k.pack(), o)
	require.NoError(t, err)
	requireReason(t, fault.TrustRollback, done.TrustKept)
	assert.Nil(t, done.Trust)
	w.requireActive(k)
	assert.EqualValues(t, 2, w.trustVersion())
}

func TestDryRunChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(1).pack())
	w.renew()
	before := picture(t, filepath.Join(w.dir, "auditor"))
	o := w.options()
	o.DryRun = true
	done, err := w.importWith(w.newKit(2).pack(), o)
	require.NoError(t, err)
	assert.EqualValues(t, 2, done.Kit.Version)
	assert.Empty(t, done.Path)
	assert.EqualValues(t, 2, done.Trust.Status.Imported.Targets)

	bad := w.newKit(2)
	bad.signers = []holder{w.stranger}
	done, err = w.importWith(bad.pack(), o)
	requireReason(t, fault.SignatureUntrusted, err)
	assert.Nil(t, done.Quarantined)
	spoilt := w.newKit(2).unpack()
	put(t, filepath.Join(spoilt, "payload", "documents", "a", "b.txt"), []byte("version X"))
	_, err = w.importWith(spoilt, o)
	requireReason(t, fault.KitMismatch, err)
	assert.Equal(t, before, picture(t, filepath.Join(w.dir, "auditor")))
}

// picture is every file below a directory with its content.
func picture(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for path, content := range filesBelow(t, dir) {
		out[path] = string(content)
	}
	return out
}
