package trust_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// start is when the publisher begins.
func start() time.Time { return time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC) }

const day = 24 * time.Hour

// holder is somebody with a key.
type holder struct {
	dsse.Signer
	trusted keys.TrustedKey
}

func newHolder(t *testing.T, name string) holder {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return holderOf(t, name, key)
}

func newECDSAHolder(t *testing.T, name string, curve elliptic.Curve) holder {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(t, err)
	return holderOf(t, name, key)
}

func holderOf(t *testing.T, name string, key crypto.Signer) holder {
	t.Helper()
	signer, err := dsse.NewSigner(key)
	require.NoError(t, err)
	return holder{signer, keys.TrustedKey{Name: name, Public: key.Public(), Holder: name, AnyPredicateType: true}}
}

func roleOf(threshold int, holders ...holder) trust.RoleKeys {
	out := trust.RoleKeys{Threshold: threshold}
	for _, h := range holders {
		out.Keys = append(out.Keys, h.trusted)
	}
	return out
}

func signersOf(holders ...holder) []dsse.Signer {
	var out []dsse.Signer
	for _, h := range holders {
		out = append(out, h.Signer)
	}
	return out
}

// world is a publisher with a root of two of three, and an auditor.
type world struct {
	t              *testing.T
	now            time.Time
	dir            string
	publisher      *trust.Publisher
	home           *trust.Home
	alice, bob     holder
	carol          holder // with P-256
	online         holder // signs for the other roles
	ci             holder // whom the trust is about
	exports        int
	initialisation *trust.Status
}

// newWorld publishes version 1 of trust in ci.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, now: start(), dir: t.TempDir(),
		alice: newHolder(t, "alice"), bob: newHolder(t, "bob"), carol: newECDSAHolder(t, "carol", elliptic.P256()),
		online: newECDSAHolder(t, "online", elliptic.P256()), ci: newHolder(t, "ci"),
	}
	w.publisher = trust.NewPublisher(filepath.Join(w.dir, "publisher"))
	w.home = trust.NewHome(filepath.Join(w.dir, "auditor"))
	_, err := w.publisher.Init(t.Context(), trust.InitOptions{
		Root: roleOf(2, w.alice, w.bob, w.carol), Targets: roleOf(1, w.online), Now: w.now,
	})
	require.NoError(t, err)
	_, err = w.publisher.AddKeys(t.Context(), w.now, w.ci.trusted)
	require.NoError(t, err)
	w.sign(w.alice, w.bob, w.online)
	return w
}

// sign signs what is staged, and wants it to be published then.
func (w *world) sign(by ...holder) {
	w.t.Helper()
	progress, err := w.publisher.Sign(w.t.Context(), signersOf(by...), nil)
	require.NoError(w.t, err)
	require.True(w.t, progress.Complete(), "%+v", progress.Staged)
}

// renew publishes the same once more.
func (w *world) renew() {
	w.t.Helper()
	_, err := w.publisher.Renew(w.t.Context(), w.now, 0)
	require.NoError(w.t, err)
	w.sign(w.online)
}

// export writes what is published to a directory of its own.
func (w *world) export() string {
	w.t.Helper()
	files, err := w.publisher.Export(w.now)
	require.NoError(w.t, err)
	w.exports++
	dir := filepath.Join(w.dir, "stick", string(rune('a'+w.exports)))
	for _, f := range files {
		put(w.t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Content)
	}
	return dir
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o644))
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// begin gives the auditor the first root.
func (w *world) begin() {
	w.t.Helper()
	root, err := w.publisher.FirstRoot()
	require.NoError(w.t, err)
	progress, err := w.publisher.Progress()
	require.NoError(w.t, err)
	w.initialisation, err = w.home.Init(w.t.Context(), trust.DefaultName, "root.json", root, progress.RootSHA256, w.now)
	require.NoError(w.t, err)
}

// imports imports a directory as the auditor.
func (w *world) imports(dir string) (*trust.Imported, error) {
	w.t.Helper()
	source, err := trust.OpenSource(dir)
	require.NoError(w.t, err)
	defer source.Close()
	return w.home.Import(w.t.Context(), trust.DefaultName, source, trust.ImportOptions{Now: w.now})
}

func (w *world) mustImport(dir string) *trust.Imported {
	w.t.Helper()
	done, err := w.imports(dir)
	require.NoError(w.t, err)
	return done
}

// open opens the trust as a verification does.
func (w *world) open() (*trust.Active, error) { return w.home.Open(trust.DefaultName, w.now, w.now) }

func (w *world) mustOpen() *trust.Active {
	w.t.Helper()
	a, err := w.open()
	require.NoError(w.t, err)
	return a
}

func requireReason(t *testing.T, want fault.Reason, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, fault.ReasonOf(err), "%v", err)
}
