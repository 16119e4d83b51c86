package trust_test

import (
	"crypto/elliptic"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func TestFromPublisherToAuditor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	requireReason(t, fault.TrustIncomplete, w.initialisation.Err())
	done := w.mustImport(w.export())
	assert.Equal(t, []trust.Change{{"timestamp", 0, 1}, {"snapshot", 0, 1}, {"targets", 0, 1}}, done.Changes)
	assert.NoError(t, done.Status.Err())

	w.now = w.now.Add(3 * day)
	a := w.mustOpen()
	assert.NotNil(t, a.Trust.Find(w.ci.Public()))
	assert.Nil(t, a.Trust.Find(w.online.Public()), "who signs trust is not thereby trusted to sign evidence")
	assert.Equal(t, int64(3*24*3600), a.Status.Imported.AgeSeconds)
	assert.Equal(t, start(), a.Status.Imported.SignedAt)
	assert.Equal(t, start().Add(trust.DefaultValidity), a.Status.Imported.Expires)
}

func TestImportAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	dir := w.export()
	first := w.mustImport(dir)
	before := read(t, filepath.Join(w.home.Dir(), trust.DefaultName, "state.json"))
	w.now = w.now.Add(day)
	second := w.mustImport(dir)
	assert.Empty(t, second.Changes)
	assert.Equal(t, first.Status.Imported.ImportedAt, second.Status.Imported.ImportedAt)
	assert.Equal(t, string(before), string(read(t, filepath.Join(w.home.Dir(), trust.DefaultName, "state.json"))))
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	source, err := trust.OpenSource(w.export())
	require.NoError(t, err)
	defer source.Close()
	done, err := w.home.Import(t.Context(), trust.DefaultName, source, trust.ImportOptions{Now: w.now, DryRun: true})
	require.NoError(t, err)
	assert.Len(t, done.Changes, 3)
	_, err = w.open()
	requireReason(t, fault.TrustIncomplete, err)
}

func TestInitPinsTheRoot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, err := w.publisher.FirstRoot()
	require.NoError(t, err)
	_, err = w.home.Init(t.Context(), "x", "root.json", root, "00"+digestOf(root)[2:], w.now)
	requireReason(t, fault.TrustPin, err)
	_, err = w.home.Init(t.Context(), "x", "root.json", root, "00", w.now)
	requireReason(t, fault.UsageInvalid, err)
	_, err = w.home.Init(t.Context(), "../x", "root.json", root, digestOf(root), w.now)
	requireReason(t, fault.UsageInvalid, err)
	for range 2 { // the second time changes nothing
		_, err = w.home.Init(t.Context(), "x", "root.json", root, "sha256:"+digestOf(root), w.now)
		require.NoError(t, err)
	}
	other := newWorld(t)
	root, err = other.publisher.FirstRoot()
	require.NoError(t, err)
	_, err = w.home.Init(t.Context(), "x", "root.json", root, digestOf(root), w.now)
	requireReason(t, fault.TrustExists, err)
}

func TestInitTakesOnlyARootThatIsSigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, err := w.publisher.FirstRoot()
	require.NoError(t, err)
	forged := edit(t, root, func(m map[string]any) { m["signatures"] = m["signatures"].([]any)[:1] })
	_, err = w.home.Init(t.Context(), "x", "root.json", forged, digestOf(forged), w.now)
	requireReason(t, fault.TrustSignature, err)
	assert.NoDirExists(t, filepath.Join(w.home.Dir(), "x"))
}

func TestSeveralBundles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, err := w.publisher.FirstRoot()
	require.NoError(t, err)
	chosen := func() (string, error) { return w.home.Choose() }
	name, err := chosen()
	require.NoError(t, err)
	assert.Empty(t, name)
	for _, bundle := range []string{"one", "two"} {
		_, err = w.home.Init(t.Context(), bundle, "root.json", root, digestOf(root), w.now)
		require.NoError(t, err)
		if name, err := chosen(); bundle == "one" {
			require.NoError(t, err)
			assert.Equal(t, "one", name, "the only one")
		}
	}
	_, err = chosen()
	requireReason(t, fault.TrustAmbiguous, err)
	w.begin()
	name, err = chosen()
	require.NoError(t, err)
	assert.Equal(t, trust.DefaultName, name)
	w.mustImport(w.export())
	_, err = w.home.Open("two", w.now, w.now)
	requireReason(t, fault.TrustIncomplete, err)
}

// Each signature is added on a machine of its own, in a copy of the directory.
func TestSignaturesFromSeveralMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(day)
	_, err := w.publisher.RotateRoot(t.Context(), trust.Rotation{Add: newHolderKeys(t, "dave"), Now: w.now})
	require.NoError(t, err)
	for i, by := range []holder{w.alice, w.carol} {
		dir := filepath.Join(w.dir, "machine", by.trusted.Name)
		require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(w.dir, "publisher"))))
		if i == 0 {
			_, err := w.publisher.Merge(t.Context(), dir)
			requireReason(t, fault.TrustUnsigned, err)
		}
		_, err := trust.NewPublisher(dir).Sign(t.Context(), signersOf(by), nil)
		require.NoError(t, err)
		progress, err := w.publisher.Merge(t.Context(), dir)
		require.NoError(t, err)
		assert.Equal(t, i == 1, progress.Complete())
	}
	progress, err := w.publisher.Progress()
	require.NoError(t, err)
	assert.Equal(t, int64(2), progress.Published[0].Version)
}

func TestKeySignsOnlyWhereItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.publisher.Renew(t.Context(), w.now, 0)
	require.NoError(t, err)
	_, err = w.publisher.Sign(t.Context(), signersOf(w.alice), nil)
	requireReason(t, fault.UsageInvalid, err)
	progress, err := w.publisher.Sign(t.Context(), signersOf(w.online), []string{"targets"})
	require.NoError(t, err)
	require.Len(t, progress.Staged, 3)
	for _, p := range progress.Staged {
		assert.Equal(t, p.Role == "targets", p.Needs[0].Have == 1, p.Role)
	}
}

func TestKeysThatTUFDoesNotHave(t *testing.T) {
	t.Parallel()
	for name, key := range foreignKeys(t) {
		t.Run(name, func(t *testing.T) {
			_, err := trust.NewKey(&key)
			requireReason(t, fault.KeyUnsupported, err)
		})
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		h := newECDSAHolder(t, "x", curve)
		_, err := trust.NewKey(&h.trusted)
		require.NoError(t, err)
	}
}

func TestRevocationsNeverGoBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	w.mustImport(w.export())
	id, err := dsse.KeyID(w.ci.Public())
	require.NoError(t, err)

	w.now = w.now.Add(day)
	r := trust.Revocation{KeyID: id, RevokedAt: w.now, Reason: "keyCompromise"}
	_, err = w.publisher.Revoke(t.Context(), w.now, r)
	require.NoError(t, err)
	w.sign(w.online)
	w.mustImport(w.export())
	assert.Equal(t, r.RevokedAt, w.mustOpen().Trust.Find(w.ci.Public()).RevokedAt)

	later := r
	later.RevokedAt = r.RevokedAt.Add(day)
	_, err = w.publisher.Revoke(t.Context(), w.now, later)
	requireReason(t, fault.KeyRevoked, err)

	// A publisher who moves it to a later time all the same, with other tools.
	w.now = w.now.Add(day)
	moved, err := trust.MarshalRevocations([]trust.Revocation{later})
	require.NoError(t, err)
	plain, err := keysJSON(w.ci.trusted)
	require.NoError(t, err)
	_, err = w.publisher.Put(t.Context(), w.now, trust.File{Name: "keys.json", Content: plain}, trust.File{Name: "revocations.json", Content: moved})
	require.NoError(t, err)
	w.sign(w.online)
	assert.Equal(t, []trust.Revocation{r}, w.mustImport(w.export()).Held)
	assert.Equal(t, r.RevokedAt, w.mustOpen().Trust.Find(w.ci.Public()).RevokedAt)

	// One who takes it back.
	w.now = w.now.Add(day)
	fresh, err := keysJSON(w.ci.trusted)
	require.NoError(t, err)
	none, err := trust.MarshalRevocations(nil)
	require.NoError(t, err)
	_, err = w.publisher.Put(t.Context(), w.now, trust.File{Name: "keys.json", Content: fresh}, trust.File{Name: "revocations.json", Content: none})
	require.NoError(t, err)
	w.sign(w.online)
	done := w.mustImport(w.export())
	assert.Equal(t, []trust.Revocation{r}, done.Held)
	assert.Equal(t, r.RevokedAt, w.mustOpen().Trust.Find(w.ci.Public()).RevokedAt)

	earlier := r
	earlier.RevokedAt = r.RevokedAt.Add(-3 * day)
	_, err = w.publisher.Revoke(t.Context(), w.now, earlier)
	require.NoError(t, err)
	w.sign(w.online)
	w.mustImport(w.export())
	assert.Equal(t, earlier.RevokedAt, w.mustOpen().Trust.Find(w.ci.Public()).RevokedAt)
}
