package trust_test

import (
	"context"
	"encoding/json/v2"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// meta is a file of metadata that a test forges.
type meta struct {
	Signatures []any          `json:"signatures"`
	Signed     map[string]any `json:"signed"`
}

func readMeta(t *testing.T, path string) *meta {
	t.Helper()
	var m meta
	require.NoError(t, json.Unmarshal(read(t, path), &m))
	return &m
}

// write signs metadata as whoever has the keys by does, and writes it.
func (m *meta) write(t *testing.T, path string, by ...holder) {
	t.Helper()
	m.Signatures = []any{}
	signed, err := json.Marshal(m.Signed)
	require.NoError(t, err)
	for _, h := range by {
		id := h.tufID(t)
		s, err := h.Sign(context.Background(), dsse.NewBlob(dsse.Bytes(canonicalOf(t, signed))))
		require.NoError(t, err)
		m.Signatures = append(m.Signatures, map[string]any{"keyid": id, "sig": fmt.Sprintf("%x", s.Sig)})
	}
	out, err := json.Marshal(m)
	require.NoError(t, err)
	put(t, path, out)
}

func (m *meta) set(name string, value any) *meta {
	m.Signed[name] = value
	return m
}

// stick is an export of version 2 that can be imported, for a test to spoil. The
// auditor has version 1.
func newStick(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t)
	w.begin()
	w.mustImport(w.export())
	w.now = w.now.Add(day)
	w.renew()
	return w, w.export()
}

func metadataFile(dir, name string) string { return filepath.Join(dir, "metadata", name) }

// refused wants that an import is refused, for a reason and in words that name the
// file, and that the trust that is there goes on to be used.
func (w *world) refused(dir string, want fault.Reason, words ...string) {
	w.t.Helper()
	_, err := w.imports(dir)
	requireReason(w.t, want, err)
	for _, word := range words {
		assert.ErrorContains(w.t, err, word)
	}
	a, err := w.open()
	require.NoError(w.t, err)
	assert.NotNil(w.t, a.Trust.Find(w.ci.Public()))
	assert.Equal(w.t, int64(1), a.Status.Imported.Targets, "the old trust stays")
}

func in90Days() string { return start().Add(90 * day).Format(time.RFC3339) }

func TestStickThatIsNotSpoiltIsTaken(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	done := w.mustImport(dir)
	assert.Len(t, done.Changes, 3)
}

// TUF, section 1.5.2, arbitrary software installation: what the keys did not sign.
func TestArbitraryInstallation(t *testing.T) {
	t.Parallel()
	mallory := newHolder(t, "mallory")
	evil, err := keysJSON(mallory.trusted)
	require.NoError(t, err)
	for name, spoil := range map[string]struct {
		do     func(t *testing.T, w *world, dir string)
		reason fault.Reason
		words  string
	}{
		"target is another": {func(t *testing.T, _ *world, dir string) {
			files, err := filepath.Glob(filepath.Join(dir, "targets", "*.keys.json"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			put(t, files[0], evil[:len(read(t, files[0]))%len(evil)])
		}, fault.TrustMismatch, "keys.json"},
		"target of the same length": {func(t *testing.T, _ *world, dir string) {
			files, _ := filepath.Glob(filepath.Join(dir, "targets", "*.keys.json"))
			put(t, files[0], []byte(strings.Replace(string(read(t, files[0])), `"ci"`, `"cj"`, 1)))
		}, fault.TrustMismatch, "keys.json"},
		"targets by nobody": {func(t *testing.T, _ *world, dir string) {
			readMeta(t, metadataFile(dir, "2.targets.json")).write(t, metadataFile(dir, "2.targets.json"))
		}, fault.TrustSignature, "2.targets.json"},
		"targets by another": {func(t *testing.T, w *world, dir string) {
			readMeta(t, metadataFile(dir, "2.targets.json")).write(t, metadataFile(dir, "2.targets.json"), mallory, w.alice)
		}, fault.TrustSignature, "2.targets.json"},
		"signature under the right id": {func(t *testing.T, w *world, dir string) {
			m := readMeta(t, metadataFile(dir, "2.targets.json"))
			m.write(t, metadataFile(dir, "2.targets.json"), mallory)
			m.Signatures[0].(map[string]any)["keyid"] = w.online.tufID(t)
			out, err := json.Marshal(m)
			require.NoError(t, err)
			put(t, metadataFile(dir, "2.targets.json"), out)
		}, fault.TrustSignature, "2.targets.json"},
		"signed part changed": {func(t *testing.T, _ *world, dir string) {
			path := metadataFile(dir, "2.targets.json")
			put(t, path, []byte(strings.Replace(string(read(t, path)), `"version": 2`, `"version": 3`, 1)))
		}, fault.TrustSignature, "targets version 3"},
		"root by another": {func(t *testing.T, w *world, dir string) {
			m := readMeta(t, metadataFile(dir, "1.root.json")).set("version", 2)
			m.write(t, metadataFile(dir, "2.root.json"), mallory, w.alice)
		}, fault.TrustSignature, "2.root.json"},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newStick(t)
			spoil.do(t, w, dir)
			w.refused(dir, spoil.reason, spoil.words)
		})
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	t.Run("old medium", func(t *testing.T) {
		w, dir := newStick(t)
		old := w.dir + "/stick/b" // the first export
		w.mustImport(dir)
		_, err := w.imports(old)
		requireReason(t, fault.TrustRollback, err)
		assert.ErrorContains(t, err, `"timestamp.json" gives timestamp version 1, and version 2 was imported already`)
		assert.Equal(t, int64(2), w.mustOpen().Status.Imported.Targets)
	})
	t.Run("timestamp names an older snapshot", func(t *testing.T) {
		w, dir := newStick(t)
		w.mustImport(dir)
		m := readMeta(t, metadataFile(dir, "timestamp.json")).set("version", 3)
		m.Signed["meta"] = map[string]any{"snapshot.json": map[string]any{"version": 1}}
		m.write(t, metadataFile(dir, "timestamp.json"), w.online)
		_, err := w.imports(dir)
		requireReason(t, fault.TrustRollback, err)
		assert.ErrorContains(t, err, "snapshot version 1, and version 2")
	})
	t.Run("snapshot names older targets", func(t *testing.T) {
		w, dir := newStick(t)
		w.mustImport(dir)
		w.repoint(dir, 3, map[string]any{"targets.json": map[string]any{"version": 1}})
		_, err := w.imports(dir)
		requireReason(t, fault.TrustRollback, err)
		assert.ErrorContains(t, err, "targets.json version 1, and version 2")
	})
	t.Run("snapshot drops a role", func(t *testing.T) {
		w, dir := newStick(t)
		w.repoint(dir, 3, map[string]any{"targets.json": map[string]any{"version": 2}, "x.json": map[string]any{"version": 1}})
		w.mustImport(dir)
		w.repoint(dir, 4, map[string]any{"targets.json": map[string]any{"version": 2}})
		_, err := w.imports(dir)
		requireReason(t, fault.TrustRollback, err)
		assert.ErrorContains(t, err, `says nothing about "x.json"`)
	})
	t.Run("root of an older version under a newer name", func(t *testing.T) {
		w, dir := newStick(t)
		put(t, metadataFile(dir, "2.root.json"), read(t, metadataFile(dir, "1.root.json")))
		w.refused(dir, fault.TrustRollback, `"2.root.json" holds root version 1`)
	})
}

// repoint writes a snapshot of a version, and a timestamp that names it.
func (w *world) repoint(dir string, version int, snapshotMeta map[string]any) {
	w.t.Helper()
	files, err := filepath.Glob(metadataFile(dir, "*.snapshot.json"))
	require.NoError(w.t, err)
	readMeta(w.t, files[0]).set("version", version).set("meta", snapshotMeta).
		write(w.t, metadataFile(dir, fmt.Sprintf("%d.snapshot.json", version)), w.online)
	readMeta(w.t, metadataFile(dir, "timestamp.json")).set("version", version).
		set("meta", map[string]any{"snapshot.json": map[string]any{"version": version}}).
		write(w.t, metadataFile(dir, "timestamp.json"), w.online)
}

// Indefinite freeze: the same old trust for ever.
func TestFreeze(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"timestamp", "snapshot", "targets"} {
		t.Run(role, func(t *testing.T) {
			w, dir := newStick(t)
			file := metadataFile(dir, "2."+role+".json")
			if role == "timestamp" {
				file = metadataFile(dir, "timestamp.json")
			}
			m := readMeta(t, file)
			m.set("expires", w.now.Format(time.RFC3339)).write(t, file, w.online)
			w.refused(dir, fault.TrustExpired, role+" version 2", "expired at "+w.now.Format(time.RFC3339))
		})
	}
	t.Run("root", func(t *testing.T) {
		w, dir := newStick(t)
		w.now = start().Add(trust.DefaultRootValidity)
		_, err := w.imports(dir)
		requireReason(t, fault.TrustExpired, err)
		assert.ErrorContains(t, err, "root version 1")
	})
	t.Run("what was imported expires by itself", func(t *testing.T) {
		w, dir := newStick(t)
		w.mustImport(dir)
		w.now = w.now.Add(trust.DefaultValidity)
		a := w.mustOpen()
		requireReason(t, fault.TrustExpired, a.Status.Err())
		_, err := w.imports(dir)
		requireReason(t, fault.TrustExpired, err)
	})
}

// Endless data: files without an end, and as large as they like.
func TestEndlessData(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"} {
		t.Run(name, func(t *testing.T) {
			w, dir := newStick(t)
			f, err := os.Create(metadataFile(dir, name))
			require.NoError(t, err)
			require.NoError(t, f.Truncate(1<<40)) // a terabyte, of which nothing is stored
			require.NoError(t, f.Close())
			w.refused(dir, fault.InputTooLarge, name)
		})
	}
	t.Run("target", func(t *testing.T) {
		w, dir := newStick(t)
		files, _ := filepath.Glob(filepath.Join(dir, "targets", "*.keys.json"))
		require.NoError(t, os.Truncate(files[0], 1<<40))
		w.refused(dir, fault.InputTooLarge, "keys.json")
	})
	t.Run("device", func(t *testing.T) {
		w, dir := newStick(t)
		require.NoError(t, os.Remove(metadataFile(dir, "timestamp.json")))
		require.NoError(t, os.Symlink("/dev/zero", metadataFile(dir, "timestamp.json")))
		_, err := trust.OpenSource(dir)
		requireReason(t, fault.TrustNotFound, err)
		require.NoError(t, os.Symlink("/dev/zero", metadataFile(dir, "2.root.json")))
		put(t, metadataFile(dir, "timestamp.json.x"), nil)
		require.NoError(t, os.Remove(metadataFile(dir, "timestamp.json")))
		put(t, metadataFile(dir, "timestamp.json"), []byte("{}"))
		w.refused(dir, fault.InputUnreadable, "2.root.json")
	})
	t.Run("too many roots", func(t *testing.T) {
		w, dir := newStick(t)
		for version := 2; version <= trust.MaxRotations+2; version++ {
			readMeta(t, metadataFile(dir, "1.root.json")).set("version", version).
				write(t, metadataFile(dir, fmt.Sprintf("%d.root.json", version)), w.alice, w.bob)
		}
		w.refused(dir, fault.TrustRollback, "more than 256 roots")
	})
}

// Mix and match: files that were signed, but not for one another.
func TestMixAndMatch(t *testing.T) {
	t.Parallel()
	t.Run("targets of another version", func(t *testing.T) {
		w, dir := newStick(t)
		put(t, metadataFile(dir, "2.targets.json"), read(t, w.dir+"/stick/b/metadata/1.targets.json"))
		w.refused(dir, fault.TrustMismatch, `"2.targets.json": it is version 1, and the snapshot names version 2`)
	})
	t.Run("snapshot of another version", func(t *testing.T) {
		w, dir := newStick(t)
		put(t, metadataFile(dir, "2.snapshot.json"), read(t, w.dir+"/stick/b/metadata/1.snapshot.json"))
		w.refused(dir, fault.TrustMismatch, `"2.snapshot.json": it is version 1, and timestamp.json names version 2`)
	})
	t.Run("one role as another", func(t *testing.T) {
		w, dir := newStick(t)
		put(t, metadataFile(dir, "2.snapshot.json"), read(t, metadataFile(dir, "2.targets.json")))
		w.refused(dir, fault.TrustMalformed, "2.snapshot.json")
	})
	t.Run("hashes of a snapshot", func(t *testing.T) {
		w, dir := newStick(t)
		readMeta(t, metadataFile(dir, "timestamp.json")).set("meta", map[string]any{"snapshot.json": map[string]any{
			"version": 2, "length": 2000, "hashes": map[string]any{"sha256": strings.Repeat("00", 32)},
		}}).write(t, metadataFile(dir, "timestamp.json"), w.online)
		w.refused(dir, fault.TrustMismatch, "2.snapshot.json")
	})
	t.Run("files are missing", func(t *testing.T) {
		for _, name := range []string{"2.snapshot.json", "2.targets.json"} {
			w, dir := newStick(t)
			require.NoError(t, os.Remove(metadataFile(dir, name)))
			w.refused(dir, fault.TrustIncomplete, name)
		}
		w, dir := newStick(t)
		files, _ := filepath.Glob(filepath.Join(dir, "targets", "*.keys.json"))
		require.NoError(t, os.Remove(files[0]))
		w.refused(dir, fault.TrustIncomplete, "keys.json")
	})
}

// Wrong keys: those of a role sign for another, and one signs for many.
func TestWrongKeys(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]func(w *world) []holder{
		"one short":       func(w *world) []holder { return []holder{w.alice} },
		"one counts once": func(w *world) []holder { return []holder{w.alice, w.alice} },
		"of another role": func(w *world) []holder { return []holder{w.alice, w.online} },
		"of nobody":       func(w *world) []holder { return []holder{w.alice, newHolder(w.t, "x")} },
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newStick(t)
			readMeta(t, metadataFile(dir, "1.root.json")).set("version", 2).write(t, metadataFile(dir, "2.root.json"), sign(w)...)
			_, err := w.imports(dir)
			require.Error(t, err)
			assert.Contains(t, []fault.Reason{fault.TrustSignature, fault.TrustMalformed}, fault.ReasonOf(err))
		})
	}
	t.Run("one key under two ids", func(t *testing.T) {
		w, dir := newStick(t)
		m := readMeta(t, metadataFile(dir, "1.root.json")).set("version", 2)
		all, root := m.Signed["keys"].(map[string]any), m.Signed["roles"].(map[string]any)["root"].(map[string]any)
		twin := strings.Repeat("ab", 32)
		all[twin] = all[w.alice.tufID(t)]
		root["keyids"] = []any{w.alice.tufID(t), twin}
		m.write(t, metadataFile(dir, "2.root.json"), w.alice, w.bob)
		s := maps.Clone(m.Signatures[0].(map[string]any))
		s["keyid"] = twin
		m.Signatures = append(m.Signatures, s)
		out, err := json.Marshal(m)
		require.NoError(t, err)
		put(t, metadataFile(dir, "2.root.json"), out)
		w.refused(dir, fault.TrustSignature, "1 of the 2 signatures")
	})
	t.Run("new root is not signed by the old one", func(t *testing.T) {
		w, dir := newStick(t)
		other := newWorld(t)
		m := readMeta(t, metadataFile(other.export(), "1.root.json")).set("version", 2)
		m.write(t, metadataFile(dir, "2.root.json"), other.alice, other.bob)
		w.refused(dir, fault.TrustSignature, "root version 1 demands")
	})
	t.Run("new root is not signed by itself", func(t *testing.T) {
		w, dir := newStick(t)
		other := newWorld(t)
		m := readMeta(t, metadataFile(other.export(), "1.root.json")).set("version", 2)
		m.write(t, metadataFile(dir, "2.root.json"), w.alice, w.bob)
		w.refused(dir, fault.TrustSignature, "root version 2 demands")
	})
	t.Run("another publisher altogether", func(t *testing.T) {
		w, _ := newStick(t)
		w.refused(newWorld(t).export(), fault.TrustSignature, "timestamp version 1")
	})
}

// Fast forward: who has the online keys for a while makes versions so high that what
// comes after looks old. A root that takes the keys away is the way back.
func TestFastForwardRecovery(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	for _, role := range []string{"2.targets", "2.snapshot"} {
		forged := strings.Replace(role, "2.", "900.", 1)
		m := readMeta(t, metadataFile(dir, role+".json")).set("version", 900)
		if role == "2.snapshot" {
			m.set("meta", map[string]any{"targets.json": map[string]any{"version": 900}})
		}
		m.write(t, metadataFile(dir, forged+".json"), w.online)
	}
	readMeta(t, metadataFile(dir, "timestamp.json")).set("version", 900).
		set("meta", map[string]any{"snapshot.json": map[string]any{"version": 900}}).
		write(t, metadataFile(dir, "timestamp.json"), w.online)
	w.mustImport(dir)

	w.now = w.now.Add(day)
	fresh := newHolder(t, "fresh")
	for _, role := range []string{"targets", "snapshot", "timestamp"} {
		_, err := w.publisher.RotateRoot(t.Context(), trust.Rotation{Role: role, Add: roleOf(1, fresh).Keys, Remove: []string{"online"}, Now: w.now})
		require.NoError(t, err)
	}
	w.sign(w.alice, w.bob, fresh)
	done := w.mustImport(w.export())
	assert.Contains(t, done.Changes, trust.Change{Role: "timestamp", From: 900, To: 3})
	assert.Contains(t, done.Changes, trust.Change{Role: "targets", From: 900, To: 3})
	var reset []string
	for _, e := range done.Status.History {
		if e.What == "reset" {
			reset = append(reset, e.Detail)
		}
	}
	assert.Len(t, reset, 3, "that something went back is in the history, with the root that said so: %v", reset)
}

// A root in the middle may have expired, since nobody had to follow it then; the
// last may not.
func TestExpiredRootInTheMiddle(t *testing.T) {
	t.Parallel()
	w, _ := newStick(t)
	for range 2 {
		w.now = w.now.Add(trust.DefaultRootValidity + day)
		_, err := w.publisher.RotateRoot(t.Context(), trust.Rotation{Now: w.now})
		require.NoError(t, err)
		w.sign(w.alice, w.carol)
		w.renew()
	}
	dir := w.export()
	done := w.mustImport(dir)
	assert.Contains(t, done.Changes, trust.Change{Role: "root", From: 1, To: 3})

	late := newWorld(t)
	late.publisher = w.publisher
	late.now = w.now
	late.begin()
	late.mustImport(dir)
}

// A root that takes the keys of the targets away takes what they signed with it,
// although what came after it did not arrive whole.
func TestRootTakesTrustAway(t *testing.T) {
	t.Parallel()
	w, _ := newStick(t)
	w.now = w.now.Add(day)
	fresh := newHolder(t, "fresh")
	_, err := w.publisher.RotateRoot(t.Context(), trust.Rotation{Role: "targets", Add: roleOf(1, fresh).Keys, Remove: []string{"online"}, Now: w.now})
	require.NoError(t, err)
	w.sign(w.alice, w.bob, w.online, fresh)
	dir := w.export()
	files, err := filepath.Glob(metadataFile(dir, "*.targets.json"))
	require.NoError(t, err)
	for _, f := range files {
		require.NoError(t, os.Remove(f))
	}
	_, err = w.imports(dir)
	requireReason(t, fault.TrustIncomplete, err)
	_, err = w.open()
	requireReason(t, fault.TrustSuperseded, err)
	w.mustImport(w.export())
	w.mustOpen()
}

func TestClockThatIsWrong(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	right := w.now
	w.now = right.AddDate(-3, 0, 0)
	_, err := w.imports(dir)
	requireReason(t, fault.ClockBehind, err)
	_, err = w.open()
	requireReason(t, fault.ClockBehind, err)
	w.now = right.AddDate(5, 0, 0)
	_, err = w.imports(dir)
	requireReason(t, fault.TrustExpired, err)
	w.now = right
	w.mustImport(dir)

	t.Run("first import", func(t *testing.T) {
		w := newWorld(t)
		w.begin()
		dir := w.export()
		w.now = start().AddDate(-3, 0, 0)
		_, err := w.imports(dir)
		requireReason(t, fault.ClockBehind, err)
		assert.ErrorContains(t, err, "root version 1")
	})
	t.Run("who signs cannot turn the clock of others", func(t *testing.T) {
		w, dir := newStick(t)
		readMeta(t, metadataFile(dir, "timestamp.json")).set("x-stella-created", "2999-01-01T00:00:00Z").set("expires", "2999-06-01T00:00:00Z").
			write(t, metadataFile(dir, "timestamp.json"), w.online)
		w.refused(dir, fault.ClockBehind, "timestamp version 2")
	})
}

func TestUnknownFutureFormats(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]struct {
		do    func(t *testing.T, w *world, dir string)
		words string
	}{
		"specification": {func(t *testing.T, w *world, dir string) {
			readMeta(t, metadataFile(dir, "timestamp.json")).set("spec_version", "2.0.0").write(t, metadataFile(dir, "timestamp.json"), w.online)
		}, `version "2.0.0" of the TUF specification`},
		"bundle": {func(t *testing.T, w *world, dir string) {
			w.replaceTarget(dir, "format.json", []byte(`{"format":"stella.ops/trustBundle@v9","more":1}`))
		}, `unknown format "stella.ops/trustBundle@v9"`},
		"keys": {func(t *testing.T, w *world, dir string) {
			w.replaceTarget(dir, "keys.json", []byte(`{"format":"stella.ops/keys@v9","keys":[]}`))
		}, `unknown format "stella.ops/keys@v9"`},
		"revocations": {func(t *testing.T, w *world, dir string) {
			w.replaceTarget(dir, "revocations.json", []byte(`{"format":"stella.ops/revocations@v9","revocations":[]}`))
		}, `unknown format "stella.ops/revocations@v9"`},
	} {
		t.Run(name, func(t *testing.T) {
			w, dir := newStick(t)
			spoil.do(t, w, dir)
			w.refused(dir, fault.TrustMalformed, spoil.words)
		})
	}
}

// replaceTarget puts a target into an export, signed as it must be.
func (w *world) replaceTarget(dir, name string, content []byte) {
	w.t.Helper()
	m := readMeta(w.t, metadataFile(dir, "2.targets.json"))
	m.Signed["targets"].(map[string]any)[name] = map[string]any{"length": len(content), "hashes": map[string]any{"sha256": digestOf(content)}}
	m.write(w.t, metadataFile(dir, "2.targets.json"), w.online)
	put(w.t, filepath.Join(dir, "targets", digestOf(content)+"."+name), content)
}
