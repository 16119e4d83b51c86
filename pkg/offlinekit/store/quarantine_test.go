package store_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
)

// Quarantine is bounded: the oldest kits give way, and reports without a kit push out
// none.
func TestQuarantineIsBounded(t *testing.T) {
	w := newWorld(t)
	bad := w.signedBy(w.stranger)
	w.mustImport(w.newKit(3).pack())
	old := w.newKit(2).pack()
	for i := range store.MaxQuarantined + 3 {
		w.now = w.now.Add(time.Duration(i%2) * time.Minute) // two at one time
		k := w.newKit(4)
		k.files["payload/n"] = fmt.Sprint(i)
		k.signers = []holder{w.stranger}
		bad = k.pack()
		_, err := w.imports(bad)
		requireReason(t, fault.SignatureUntrusted, err)
	}
	for range store.MaxReports + 2 {
		_, err := w.imports(old)
		requireReason(t, fault.KitVersion, err)
	}
	q, err := w.store.Quarantine()
	require.NoError(t, err)
	kits, newest := 0, ""
	for _, r := range q.Reports {
		if r.Kept != nil {
			kits, newest = kits+1, r.Input
		}
	}
	assert.Equal(t, store.MaxQuarantined, kits)
	assert.Len(t, q.Reports, store.MaxQuarantined+store.MaxReports)
	assert.Equal(t, bad, newest)
}

// What came through a pipe is not written twice, and the report says so.
func TestPipe(t *testing.T) {
	w := newWorld(t)
	imports := func(content []byte) (*store.Imported, error) {
		source, err := offlinekit.Open("-", io.MultiReader(bytes.NewReader(content)))
		require.NoError(t, err)
		defer source.Close()
		return w.store.Import(t.Context(), source, w.options())
	}
	good := w.newKit(1)
	_, err := imports(read(t, good.pack()))
	require.NoError(t, err)
	w.requireActive(good)
	done, err := imports(read(t, w.signedBy(w.stranger)))
	requireReason(t, fault.SignatureUntrusted, err)
	assert.Nil(t, done.Quarantined.Kept)
	assert.Contains(t, done.Quarantined.NotKept, "pipe")
}

// Without room for the kit its report stays, and says so; and so do the kits before it.
func TestQuarantineWithoutRoom(t *testing.T) {
	w := newWorld(t)
	from := w.signedBy(w.stranger)
	for range store.MaxQuarantined {
		_, err := w.imports(from)
		requireReason(t, fault.SignatureUntrusted, err)
	}
	w.store.FS = fullForKits{atomicfile.OS()}
	done, err := w.imports(from)
	requireReason(t, fault.SignatureUntrusted, err)
	assert.Nil(t, done.Quarantined.Kept)
	assert.Equal(t, "the disk has no room for it", done.Quarantined.NotKept)
	assert.Len(t, entries(t, done.Quarantined.Path), 1, "nothing is left of the attempt")
	q, err := w.store.Quarantine()
	require.NoError(t, err)
	assert.Len(t, q.Reports, store.MaxQuarantined+1, "no kit gave way for it")
}

// fullForKits has no room for a kit in quarantine.
type fullForKits struct{ atomicfile.FS }

func (f fullForKits) Create(name string, mode os.FileMode) (atomicfile.Handle, error) {
	h, err := f.FS.Create(name, mode)
	if filepath.Base(name) == "kit.tar.zst" {
		return fullHandle{h}, err
	}
	return h, err
}

type fullHandle struct{ atomicfile.Handle }

func (fullHandle) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// What an interruption left in quarantine goes with the next kit.
func TestQuarantineIsTidied(t *testing.T) {
	w := newWorld(t)
	done, err := w.imports(w.signedBy(w.stranger))
	requireReason(t, fault.SignatureUntrusted, err)
	place := filepath.Dir(done.Quarantined.Path)
	put(t, filepath.Join(place, "20260101T000000Z-1", "kit.tar"), []byte("half"))
	put(t, filepath.Join(place, "20260101T000000Z-2", "report.json"), []byte("{"))
	q, err := w.store.Quarantine()
	require.NoError(t, err)
	assert.Len(t, q.Reports, 1)
	assert.Equal(t, 2, q.Unreadable)
	_, err = w.imports(w.signedBy(w.stranger))
	requireReason(t, fault.SignatureUntrusted, err)
	assert.NoDirExists(t, filepath.Join(place, "20260101T000000Z-1"))
}

// A report is as small as one may be, whatever a kit calls its files, and what has a
// report that cannot be read gives way like all others.
func TestUnreadableReportsAreBoundedToo(t *testing.T) {
	w := newWorld(t)
	done, err := w.imports(w.hostileNames(t))
	require.Error(t, err)
	require.NoError(t, done.QuarantineFailed)
	q, err := w.store.Quarantine()
	require.NoError(t, err)
	require.Len(t, q.Reports, 1)
	assert.Zero(t, q.Unreadable)
	assert.NotEmpty(t, q.Reports[0].Findings)
	assert.Equal(t, 500, len(q.Reports[0].Findings)+q.Reports[0].More)

	for i := range store.MaxQuarantined + store.MaxReports {
		dir := filepath.Join(q.Path, fmt.Sprintf("20250101T0000%02dZ-%d", i%60, i/60+1))
		put(t, filepath.Join(dir, "report.json"), []byte("{"))
		if i%4 == 0 {
			put(t, filepath.Join(dir, "kit.tar"), []byte("kit"))
		}
	}
	_, err = w.imports(w.signedBy(w.stranger))
	requireReason(t, fault.SignatureUntrusted, err)
	q, err = w.store.Quarantine()
	require.NoError(t, err)
	assert.Len(t, q.Reports, 2)
	kits, reports := 0, 0
	for _, e := range entries(t, q.Path) {
		switch files, _ := os.ReadDir(filepath.Join(q.Path, e.Name())); {
		case len(files) > 1:
			kits++
		case len(files) == 1:
			reports++
		}
	}
	assert.Equal(t, store.MaxQuarantined, kits)
	assert.LessOrEqual(t, reports, store.MaxReports)
}

// hostileNames is a kit with files that it does not list, and whose names are long and
// of characters that JSON has six for.
func (w *world) hostileNames(t *testing.T) string {
	k := w.newKit(2)
	h := k.header()
	var b bytes.Buffer
	out := tar.NewWriter(&b)
	add := func(name string, content []byte) {
		require.NoError(t, out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Format: tar.FormatPAX}))
		_, err := out.Write(content)
		require.NoError(t, err)
	}
	for _, f := range h.Files() {
		add(f.Name, f.Content)
	}
	for _, e := range h.Manifest.Entries {
		add(e.Name, []byte(k.files[e.Name]))
	}
	for i := range 500 {
		add(strings.Repeat("\x01", 3000)+fmt.Sprint(i), nil)
	}
	require.NoError(t, out.Close())
	return w.file("hostile.tar", b.Bytes())
}
