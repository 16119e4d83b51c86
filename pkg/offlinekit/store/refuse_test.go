package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
)

// Whatever is wrong, it is one error with a reason, and the kit before stays active.
func TestBadKits(t *testing.T) {
	tests := map[string]struct {
		from   func(w *world) string
		change func(o *store.ImportOptions)
		reason fault.Reason
		words  []string
		// kept says whether the kit goes into quarantine, noted whether at least the
		// report does.
		kept, noted bool
	}{
		"wrong stick":                {from: func(w *world) string { return w.publisherDir() }, reason: fault.KitNotOne, words: []string{"no offline kit", "manifest.json"}},
		"a file that is no kit":      {from: func(w *world) string { return w.file("notes.txt", []byte("notes")) }, reason: fault.KitNotOne},
		"truncated":                  {from: func(w *world) string { return w.part(0, 0.9) }, reason: fault.KitIncomplete, words: []string{"ends early"}, kept: true},
		"the first part of split":    {from: func(w *world) string { return w.part(0, 0.5) }, reason: fault.KitIncomplete, words: []string{"ends in its beginning"}, kept: true},
		"the second part of split":   {from: func(w *world) string { return w.part(0.5, 1) }, reason: fault.KitNotOne},
		"another channel":            {from: (*world).beta, change: func(o *store.ImportOptions) { o.Channel = channel }, reason: fault.KitChannel, words: []string{`"acme", version 9 of 2026-11-29T12:00:00Z, is of channel "beta", not "stable"`}, noted: true},
		"future format":              {from: func(w *world) string { return w.changed(offlinekit.ManifestName, "offlineKit@v1", "offlineKit@v2") }, reason: fault.KitFormat, words: []string{"stella.ops/offlineKit@v2"}, noted: true},
		"unsigned":                   {from: func(w *world) string { return w.signedBy() }, reason: fault.KitUnsigned, words: []string{offlinekit.StatementName, "version 2"}, kept: true},
		"signed by a stranger":       {from: func(w *world) string { return w.signedBy(w.stranger) }, reason: fault.SignatureUntrusted, words: []string{`statement.dsse.json of the kit "acme", version 2 of channel "stable", built at 2026-11-29T12:00:00Z, by trust "default"`}, kept: true},
		"signed by an allowed other": {from: func(w *world) string { return w.signedBy(w.online) }, reason: fault.SignatureUntrusted, kept: true},
		"a changed manifest":         {from: func(w *world) string { return w.changed(offlinekit.ManifestName, `"name": "acme"`, `"name": "acne"`) }, reason: fault.SubjectMismatch, kept: true},
		"a changed file":             {from: func(w *world) string { return w.changed("payload/documents/a/b.txt", "version", "VERSION") }, reason: fault.KitMismatch, words: []string{"payload/documents/a/b.txt"}, kept: true},
		"a changed file of trust": {from: func(w *world) string {
			return w.changed("trust/metadata/timestamp.json", "spec_version", "SPEC_VERSION")
		}, reason: fault.KitMismatch, words: []string{"trust/metadata/timestamp.json"}, kept: true},
		"a longer file":   {from: func(w *world) string { return w.changed("START-HERE.txt", "begin", "beginning") }, reason: fault.KitMismatch, words: []string{"START-HERE.txt"}, kept: true},
		"a missing file":  {from: func(w *world) string { return w.without("bin/stella") }, reason: fault.KitIncomplete, words: []string{"bin/stella"}, kept: true},
		"a file too many": {from: func(w *world) string { return w.with("payload/more", "x") }, reason: fault.KitUnlisted, words: []string{"payload/more"}, kept: true},
		"a link":          {from: (*world).linked, reason: fault.KitMalformed, words: []string{"payload/link"}, kept: true},
		"a threshold of two": {from: func(w *world) string {
			w.policy = func(p *verify.Policy) { p.Threshold = 2 }
			return w.signedBy(w.builder)
		}, reason: fault.SignatureThreshold, kept: true},
		"clock years behind": {from: func(w *world) string { return w.signedBy(w.builder) }, change: func(o *store.ImportOptions) { o.Now = o.Now.AddDate(-3, 0, 0) }, reason: fault.ClockBehind, words: []string{"2023-11-29"}},
		"clock years ahead":  {from: func(w *world) string { return w.signedBy(w.builder) }, change: func(o *store.ImportOptions) { o.Now = o.Now.AddDate(3, 0, 0) }, reason: fault.TrustExpired, words: []string{"2029-11-29"}, kept: true},
		"no such bundle":     {from: func(w *world) string { return w.signedBy(w.builder) }, change: func(o *store.ImportOptions) { o.TrustName = "other" }, reason: fault.TrustNotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "a link" && runtime.GOOS == "windows" {
				t.Skip("links need a privilege here")
			}
			w := newWorld(t)
			first := w.newKit(1)
			w.mustImport(first.pack())
			from, o := tt.from(w), w.options()
			if tt.change != nil {
				tt.change(&o)
			}
			done, err := w.importWith(from, o)
			requireReason(t, tt.reason, err)
			for _, word := range tt.words {
				assert.ErrorContains(t, err, word)
			}
			assert.NotEmpty(t, fault.HintOf(err), "what to do: %v", err)
			w.requireActive(first)
			require.NoError(t, done.QuarantineFailed)
			if !tt.kept && !tt.noted {
				assert.Nil(t, done.Quarantined)
				return
			}
			require.NotNil(t, done.Quarantined)
			assert.Equal(t, tt.kept, done.Quarantined.Kept != nil, "%+v", done.Quarantined)
			w.requireConfined(tt.reason, from)
		})
	}
}

// requireConfined wants one kit in quarantine, as it came.
func (w *world) requireConfined(reason fault.Reason, from string) {
	w.t.Helper()
	q, err := w.store.Quarantine()
	require.NoError(w.t, err)
	require.Len(w.t, q.Reports, 1)
	r := q.Reports[0]
	require.Equal(w.t, reason, r.Reason)
	require.Equal(w.t, from, r.Input)
	if r.Kept == nil {
		require.NotEmpty(w.t, r.NotKept)
		return
	}
	kept := read(w.t, filepath.Join(r.Path, r.Kept.File))
	require.EqualValues(w.t, len(kept), r.Kept.Size)
	if info, err := os.Stat(from); err == nil && !info.IsDir() {
		require.Equal(w.t, read(w.t, from), kept)
	}
	for path := range filesBelow(w.t, r.Path) {
		require.Contains(w.t, []string{"report.json", r.Kept.File}, filepath.Base(path), "it is not unpacked")
	}
}

func (w *world) publisherDir() string { return filepath.Join(w.dir, "publisher") }

func (w *world) file(name string, content []byte) string {
	path := filepath.Join(w.dir, "stick", name)
	put(w.t, path, content)
	return path
}

// part is a piece of an archive of version 2.
func (w *world) part(from, to float64) string {
	k := w.newKit(2)
	k.files["payload/large"] = strings.Repeat(string(incompressible(64<<10)), 4)
	b := read(w.t, k.pack())
	return w.file("kit.tar.zst.part", b[int(from*float64(len(b))):int(to*float64(len(b)))])
}

// incompressible are bytes of which no archive gets smaller.
func incompressible(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func (w *world) beta() string {
	k := w.newKit(9)
	k.manifest.Channel = "beta"
	return k.pack()
}

func (w *world) signedBy(by ...holder) string {
	k := w.newKit(2)
	k.signers = by
	return k.pack()
}

// changed is a directory of version 2 in which a text in a file was replaced.
func (w *world) changed(name, from, to string) string {
	dir := w.newKit(2).unpack()
	path := filepath.Join(dir, filepath.FromSlash(name))
	was := read(w.t, path)
	now := bytes.Replace(was, []byte(from), []byte(to), 1)
	require.NotEqual(w.t, was, now)
	put(w.t, path, now)
	return dir
}

func (w *world) without(name string) string {
	dir := w.newKit(2).unpack()
	require.NoError(w.t, os.Remove(filepath.Join(dir, filepath.FromSlash(name))))
	return dir
}

func (w *world) with(name, content string) string {
	dir := w.newKit(2).unpack()
	put(w.t, filepath.Join(dir, filepath.FromSlash(name)), []byte(content))
	return dir
}

func (w *world) linked() string {
	dir := w.newKit(2).unpack()
	require.NoError(w.t, os.Symlink("/etc/passwd", filepath.Join(dir, "payload", "link")))
	return dir
}

// Newer trust stays, whatever becomes of the kit that brought it; and a kit that was
// signed by a key which that trust revokes is refused.
func TestTrustOfABadKitStays(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(1).pack())
	w.renew()
	spoilt := w.changed("payload/documents/a/b.txt", "version", "VERSION")
	done, err := w.imports(spoilt)
	requireReason(t, fault.KitMismatch, err)
	assert.EqualValues(t, 2, w.trustVersion())
	assert.NotEmpty(t, done.Quarantined.Trust)
	assert.Equal(t, []string{"builder"}, done.Quarantined.Signers)

	id, err := w.publisher.KeyIDOf("builder")
	require.NoError(t, err)
	w.now = w.now.Add(day)
	_, err = w.publisher.Revoke(t.Context(), w.now, trust.Revocation{KeyID: id, RevokedAt: w.now, Reason: "keyCompromise"})
	require.NoError(t, err)
	w.sign()
	done, err = w.imports(w.newKit(2).pack())
	requireReason(t, fault.KeyRevoked, err)
	assert.EqualValues(t, 3, w.trustVersion())
	assert.Empty(t, done.Quarantined.Signers)
	assert.EqualValues(t, 1, w.status().Active.Version)

	// And the kit before, which the same key signed, is none to go back to.
	_, err = w.publisher.AddKeys(t.Context(), w.now, w.stranger.trusted)
	require.NoError(t, err)
	w.sign()
	k := w.newKit(2)
	k.signers = []holder{w.stranger}
	w.mustImport(k.pack())
	_, err = w.rollback("a try")
	requireReason(t, fault.KeyRevoked, err)
	w.requireActive(k)
}

// Trust has one bound, for those who check a kit and those who import it.
func TestTrustThatIsTooLarge(t *testing.T) {
	w := newWorld(t)
	k := w.newKit(2)
	k.files["trust/targets/large"] = strings.Repeat("x", trust.MaxSum)
	dir := k.unpack()
	_, err := w.imports(dir)
	requireReason(t, fault.InputTooLarge, err)
	source, err := offlinekit.Open(dir, nil)
	require.NoError(t, err)
	defer source.Close()
	_, checked := offlinekit.Check(t.Context(), source, offlinekit.CheckOptions{Now: w.now})
	requireReason(t, fault.InputTooLarge, checked)
	assert.ErrorContains(t, checked, "67108864")
}

// A kit never begins trust.
func TestNoTrustIsBegun(t *testing.T) {
	w := newWorld(t)
	from := w.newKit(1).pack()
	w.place(filepath.Join(w.dir, "another"))
	_, err := w.imports(from)
	requireReason(t, fault.TrustNotFound, err)
	assert.Contains(t, fault.HintOf(err), "trust init")
	assert.NoDirExists(t, filepath.Join(w.dir, "another"))
}

// A key that may sign other things, and no kits, signs none.
func TestKeyForOtherTypes(t *testing.T) {
	w := newWorld(t)
	other := newHolder(t, "other")
	other.trusted.PredicateTypes = []string{"https://cyclonedx.org/bom"}
	_, err := w.publisher.AddKeys(t.Context(), w.now, other.trusted)
	require.NoError(t, err)
	w.sign()
	_, err = w.imports(w.signedBy(other))
	requireReason(t, fault.KeyTypeForbidden, err)
	assert.NoDirExists(t, filepath.Join(w.store.Dir(), channel), "nothing of a kit that nobody vouches for is written")
}

// What a policy demands that evidence is about holds for the statement too.
func TestDemandedArtifact(t *testing.T) {
	w := newWorld(t)
	w.policy = func(p *verify.Policy) {
		p.Subjects = []verify.Artifact{{Name: "app", Digest: map[string]string{"sha256": strings.Repeat("1", 64)}}}
	}
	_, err := w.imports(w.signedBy(w.builder))
	requireReason(t, fault.SubjectMismatch, err)
}

// The statement of another kit, by the right key, is about that kit.
func TestStatementOfAnotherKit(t *testing.T) {
	w := newWorld(t)
	other, k := w.newKit(1), w.newKit(2)
	k.files["payload/documents/a/b.txt"] = "exchanged"
	dir := k.unpack()
	put(t, filepath.Join(dir, offlinekit.StatementName), read(t, filepath.Join(other.unpack(), offlinekit.StatementName)))
	_, err := w.imports(dir)
	requireReason(t, fault.SubjectMismatch, err)
}

// A key whose time is over signs no kits.
func TestKeyIsExpired(t *testing.T) {
	w := newWorld(t)
	late := newHolder(t, "late")
	late.trusted.NotAfter = w.now.Add(time.Hour)
	_, err := w.publisher.AddKeys(t.Context(), w.now, late.trusted)
	require.NoError(t, err)
	w.sign()
	from := w.signedBy(late)
	w.now = w.now.Add(2 * time.Hour)
	_, err = w.imports(from)
	requireReason(t, fault.KeyExpired, err)
}
