package store_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit"
	"github.com/stellaops/stella/pkg/offlinekit/store"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	day     = 24 * time.Hour
	channel = "stable"
)

// holder is somebody with a key.
type holder struct {
	dsse.Signer
	trusted keys.TrustedKey
}

func newHolder(t testing.TB, name string) holder {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	return holder{signer, keys.TrustedKey{Name: name, Public: key.Public(), Holder: name, PredicateTypes: []string{offlinekit.Format}}}
}

// world is a publisher of trust and kits, and an auditor who has the first root.
type world struct {
	t         testing.TB
	now       time.Time
	dir       string
	publisher *trust.Publisher
	home      *trust.Home
	store     *store.Store
	online    holder // signs all roles
	builder   holder // signs kits
	stranger  holder // is trusted by nobody
	policy    func(*verify.Policy)
	kits      int
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), dir: t.TempDir(),
		online: newHolder(t, "online"), builder: newHolder(t, "builder"), stranger: newHolder(t, "stranger"),
	}
	w.publisher = trust.NewPublisher(filepath.Join(w.dir, "publisher"))
	w.place(filepath.Join(w.dir, "auditor"))
	role := trust.RoleKeys{Threshold: 1, Keys: []keys.TrustedKey{w.online.trusted}}
	_, err := w.publisher.Init(t.Context(), trust.InitOptions{Root: role, Targets: role, Now: w.now})
	require.NoError(t, err)
	_, err = w.publisher.AddKeys(t.Context(), w.now, w.builder.trusted)
	require.NoError(t, err)
	w.sign()
	root, err := w.publisher.FirstRoot()
	require.NoError(t, err)
	progress, err := w.publisher.Progress()
	require.NoError(t, err)
	_, err = w.home.Init(t.Context(), trust.DefaultName, "root.json", root, progress.RootSHA256, w.now)
	require.NoError(t, err)
	return w
}

// place moves the auditor to another directory.
func (w *world) place(dir string) {
	w.home = trust.NewHome(filepath.Join(dir, "trust"))
	w.store = store.New(filepath.Join(dir, "kits"), filepath.Join(dir, "quarantine"))
}

func (w *world) sign() {
	w.t.Helper()
	progress, err := w.publisher.Sign(w.t.Context(), []dsse.Signer{w.online}, nil)
	require.NoError(w.t, err)
	require.True(w.t, progress.Complete(), "%+v", progress.Staged)
}

// renew publishes the same trust once more, a day later.
func (w *world) renew() {
	w.t.Helper()
	w.now = w.now.Add(day)
	_, err := w.publisher.Renew(w.t.Context(), w.now, 0)
	require.NoError(w.t, err)
	w.sign()
}

// kit is a kit that is built by hand.
type kit struct {
	w        *world
	manifest offlinekit.Manifest
	files    map[string]string
	signers  []holder
	claims   map[string]int64 // sizes that the manifest says, where they are others
}

// newKit is a kit with the newest trust and something of each kind.
func (w *world) newKit(version int64) *kit {
	w.t.Helper()
	k := &kit{w: w, files: map[string]string{
		"START-HERE.txt": "begin", "bin/stella": fmt.Sprintf("#!stella %d", version),
		"payload/documents/a/b.txt": fmt.Sprintf("version %d", version), "payload/documents/empty": "",
	}, signers: []holder{w.builder}}
	k.manifest = offlinekit.Manifest{Name: "acme", Channel: channel, Version: version, CreatedAt: w.now}
	files, err := w.publisher.Export(w.now)
	require.NoError(w.t, err)
	for _, f := range files {
		k.files[offlinekit.TrustDir+f.Name] = string(f.Content)
	}
	return k
}

// header is the header of the kit, signed.
func (k *kit) header() *offlinekit.Header {
	t := k.w.t
	t.Helper()
	m := k.manifest
	m.Entries = nil
	for _, name := range slices.SortedFunc(maps.Keys(k.files), offlinekit.Compare) {
		if name != offlinekit.ChecksumsName {
			m.Entries = append(m.Entries, offlinekit.Entry{
				Name: name, Size: int64(len(k.files[name])), SHA256: sha256.Sum256([]byte(k.files[name])), Executable: strings.HasPrefix(name, "bin/"),
			})
		}
	}
	for i := range m.Entries {
		if size, lies := k.claims[m.Entries[i].Name]; lies {
			m.Entries[i].Size = size
		}
	}
	require.NoError(t, m.AddChecksums())
	var text, sums bytes.Buffer
	require.NoError(t, m.WriteChecksums(&sums))
	k.files[offlinekit.ChecksumsName] = sums.String()
	_, err := m.WriteTo(&text)
	require.NoError(t, err)
	h := offlinekit.NewHeader(&m, text.Bytes())
	if len(k.signers) == 0 {
		return h
	}
	statement, err := h.NewStatement()
	require.NoError(t, err)
	var signers []dsse.Signer
	for _, s := range k.signers {
		signers = append(signers, s)
	}
	var envelope bytes.Buffer
	_, err = dsse.Write(t.Context(), &envelope, statement, false, signers...)
	require.NoError(t, err)
	h.Statement = envelope.Bytes()
	return h
}

func (k *kit) open(e *offlinekit.Entry) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(k.files[e.Name])), nil
}

// pack writes the kit to a file and returns its name.
func (k *kit) pack() string {
	t := k.w.t
	t.Helper()
	var b bytes.Buffer
	out, err := archive.NewWriter(&b, archive.Zstd, k.w.now)
	require.NoError(t, err)
	require.NoError(t, offlinekit.Write(t.Context(), out, k.header(), k.open, func(e *offlinekit.Entry) string { return e.Name }))
	require.NoError(t, out.Close())
	k.w.kits++
	path := filepath.Join(k.w.dir, "stick", fmt.Sprintf("kit-%d.tar.zst", k.w.kits))
	put(t, path, b.Bytes())
	return path
}

// unpack writes the kit to a directory and returns its name.
func (k *kit) unpack() string {
	t := k.w.t
	t.Helper()
	k.w.kits++
	dir := filepath.Join(k.w.dir, "stick", fmt.Sprintf("kit-%d", k.w.kits))
	h := k.header()
	for _, f := range h.Files() {
		put(t, filepath.Join(dir, f.Name), f.Content)
	}
	for name, content := range k.files {
		put(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(content))
	}
	return dir
}

func (w *world) options() store.ImportOptions {
	return store.ImportOptions{Now: w.now, Trust: w.home, TrustName: trust.DefaultName, Judge: w.judge, By: "auditor"}
}

// judge is a judge as stella has one, without a policy of its own.
func (w *world) judge(ctx context.Context, h *offlinekit.Header, by *trust.Active) ([]string, error) {
	if err := by.Status.Err(); err != nil {
		return nil, err
	}
	p := &verify.Policy{Trust: by.Trust, Threshold: 1, At: w.now}
	if w.policy != nil {
		w.policy(p)
	}
	return store.Verify(ctx, h, p)
}

func (w *world) importWith(from string, o store.ImportOptions) (*store.Imported, error) {
	w.t.Helper()
	source, err := offlinekit.Open(from, nil)
	require.NoError(w.t, err)
	defer source.Close()
	return w.store.Import(w.t.Context(), source, o)
}

func (w *world) imports(from string) (*store.Imported, error) {
	w.t.Helper()
	return w.importWith(from, w.options())
}

func (w *world) mustImport(from string) *store.Imported {
	w.t.Helper()
	done, err := w.imports(from)
	require.NoError(w.t, err)
	return done
}

func (w *world) rollback(reason string) (*store.RolledBack, error) {
	return w.store.Rollback(w.t.Context(), channel, store.RollbackOptions{
		Now: w.now, Trust: w.home, TrustName: trust.DefaultName, Judge: w.judge, Reason: reason, By: "auditor",
	})
}

func (w *world) status() *store.Status {
	w.t.Helper()
	s, err := w.store.Status(channel, w.now)
	require.NoError(w.t, err)
	return s
}

// trustVersion is the version of the targets that verification rests on.
func (w *world) trustVersion() int64 {
	w.t.Helper()
	s, err := w.home.Status(trust.DefaultName, w.now)
	require.NoError(w.t, err)
	if s.Imported == nil {
		return 0
	}
	return s.Imported.Targets
}

// requireActive wants a version to be active and its files to be whole, with nothing
// else in the store.
func (w *world) requireActive(k *kit) {
	w.t.Helper()
	s := w.status()
	require.Equal(w.t, k.manifest.Version, s.Active.Version)
	for name, content := range k.files {
		require.Equal(w.t, content, string(read(w.t, filepath.Join(s.Active.Path, filepath.FromSlash(name)))), name)
	}
	kept := 1
	if s.Previous != nil {
		kept++
	}
	require.Len(w.t, entries(w.t, filepath.Dir(s.Active.Path)), kept, "only the active and the previous kit are kept")
	require.Len(w.t, entries(w.t, filepath.Join(w.store.Dir(), channel)), 3, "state.json, lock and payloads")
}

func entries(t testing.TB, dir string) []fs.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	return list
}

func put(t testing.TB, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o644))
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

func requireReason(t testing.TB, want fault.Reason, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fault.ReasonOf(err), "%v", err)
}

// filesBelow are the files of a directory, by their paths.
func filesBelow(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			out[path] = read(t, path)
		}
		return err
	})
	require.NoError(t, err)
	return out
}
