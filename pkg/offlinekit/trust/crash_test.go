package trust_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/atomicfile/crashtest"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// filesBelow are the files of a directory, by their paths.
func filesBelow(t *testing.T, dir string) map[string][]byte {
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

// standing says which trust a directory holds: the version of its targets, or the
// reason why there is none.
func standing(home *trust.Home, now time.Time) string {
	a, err := home.Open(trust.DefaultName, now, now)
	if err != nil {
		return string(fault.ReasonOf(err))
	}
	return fmt.Sprintf("version %d", a.Status.Imported.Targets)
}

// survivors records an import of version 2 over version 1 and returns what can be
// opened after a power failure: at any moment, and after it was reported as done.
func survivors(t *testing.T, r *crashtest.Recorder) (ever, after map[string]bool) {
	t.Helper()
	w, dir := newStick(t)
	before := filesBelow(t, w.home.Dir())
	w.home.FS = r
	w.mustImport(dir)
	ever, after = map[string]bool{}, map[string]bool{}
	seen := map[[32]byte]string{}
	r.Crashes(before, func(s crashtest.State) {
		sum := sumOf(s.Files)
		text, known := seen[sum]
		if !known {
			text = standing(rebuilt(t, w.home.Dir(), s.Files), w.now)
			seen[sum] = text
		}
		ever[text] = true
		if s.Finished {
			after[text] = true
		}
	})
	return ever, after
}

func sumOf(files map[string][]byte) [32]byte {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %d\n%s\n", name, len(files[name]), files[name])
	}
	return [32]byte(h.Sum(nil))
}

func rebuilt(t *testing.T, dir string, files map[string][]byte) *trust.Home {
	t.Helper()
	copied, err := os.MkdirTemp(t.TempDir(), "crash")
	require.NoError(t, err)
	for path, content := range files {
		rel, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		if !strings.Contains(rel, ".tmp") {
			put(t, filepath.Join(copied, rel), content)
		}
	}
	return trust.NewHome(copied)
}

func TestPowerFailureLeavesOldOrNewTrust(t *testing.T) {
	ever, after := survivors(t, crashtest.NewRecorder())
	assert.Equal(t, map[string]bool{"version 1": true, "version 2": true}, ever)
	assert.Equal(t, map[string]bool{"version 2": true}, after)
}

// Without the syncs it would not be so, and the test above would notice.
func TestPowerFailureWithoutSyncs(t *testing.T) {
	r := crashtest.NewRecorder()
	r.IgnoreSync = true
	ever, _ := survivors(t, r)
	assert.Contains(t, ever, string(fault.TrustFailed))
}

// failing is a file system whose n-th change fails.
type failing struct {
	atomicfile.FS
	left int
}

var errFull = errors.New("no space left on device")

func (f *failing) fails() bool {
	f.left--
	return f.left == 0
}

func (f *failing) Create(name string, mode fs.FileMode) (atomicfile.Handle, error) {
	if f.fails() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errFull}
	}
	h, err := f.FS.Create(name, mode)
	return &failingHandle{h, f}, err
}

func (f *failing) Rename(from, to string) error {
	if f.fails() {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: errFull}
	}
	return f.FS.Rename(from, to)
}

func (f *failing) SyncDir(name string) error {
	if f.fails() {
		return &fs.PathError{Op: "sync", Path: name, Err: errFull}
	}
	return f.FS.SyncDir(name)
}

type failingHandle struct {
	atomicfile.Handle
	fs *failing
}

func (h *failingHandle) Write(b []byte) (int, error) {
	if h.fs.fails() {
		return len(b) / 2, errFull
	}
	return h.Handle.Write(b)
}

func (h *failingHandle) Sync() error {
	if h.fs.fails() {
		return errFull
	}
	return h.Handle.Sync()
}

// A full disk at every write, rename and sync leaves trust that can be used, and the
// next import makes up for it.
func TestFullDiskLeavesOldOrNewTrust(t *testing.T) {
	w, dir := newStick(t)
	begun := w.home.Dir()
	before := filesBelow(t, begun)
	for n := 1; ; n++ {
		home := rebuilt(t, begun, before)
		home.FS = &failing{atomicfile.OS(), n}
		source, err := trust.OpenSource(dir)
		require.NoError(t, err)
		_, err = home.Import(t.Context(), trust.DefaultName, source, trust.ImportOptions{Now: w.now})
		source.Close()
		if err == nil {
			assert.Greater(t, n, 20, "no write failed")
			return
		}
		requireReason(t, fault.TrustFailed, err)
		assert.Contains(t, []string{"version 1", "version 2"}, standing(home, w.now), "after failure %d", n)
		home.FS = nil
		w.home = home
		w.mustImport(dir)
		assert.Equal(t, "version 2", standing(home, w.now))
	}
}

// importer is the variable that makes the test binary import trust and nothing else:
// the program that TestKilledImports kills.
const importer = "STELLA_TEST_IMPORT"

func TestMain(m *testing.M) {
	dir := os.Getenv(importer)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := importFrom(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func importFrom(dir string) error {
	now, err := time.Parse(time.RFC3339, os.Getenv(importer+"_NOW"))
	if err != nil {
		return err
	}
	source, err := trust.OpenSource(dir)
	if err != nil {
		return err
	}
	home := trust.NewHome(os.Getenv(importer + "_HOME"))
	_, err = home.Import(context.Background(), trust.DefaultName, source, trust.ImportOptions{Now: now})
	return err
}

// An import that is killed at any point leaves the old trust or the new one, and no
// lock: the next one gets through.
func TestKilledImports(t *testing.T) {
	w, dir := newStick(t)
	begun := w.home.Dir()
	before := filesBelow(t, begun)
	seen := map[string]int{}
	started := func(home *trust.Home) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), importer+"="+dir, importer+"_HOME="+home.Dir(), importer+"_NOW="+w.now.Format(time.RFC3339))
		require.NoError(t, cmd.Start())
		return cmd
	}
	begin := time.Now()
	require.NoError(t, started(rebuilt(t, begun, before)).Wait())
	took := time.Since(begin)
	const kills = 40
	for i := range kills { // at points that go from before its beginning to behind its end
		home := rebuilt(t, begun, before)
		cmd := started(home)
		time.Sleep(took * time.Duration(i) * 5 / (4 * kills))
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
		text := standing(home, w.now)
		require.Contains(t, []string{"version 1", "version 2"}, text)
		seen[text]++
		w.home = home
		w.mustImport(dir)
		require.Equal(t, "version 2", standing(home, w.now))
	}
	t.Logf("what the killed imports left: %v", seen)
}

// Whoever verifies while trust is imported finds the old trust or the new one, and
// needs no lock for it.
func TestReadersBesideImports(t *testing.T) {
	w := newWorld(t)
	w.begin()
	w.mustImport(w.export())
	at := w.now.Add(20 * day)
	done := make(chan error)
	go func() {
		for {
			if _, err := w.home.Open(trust.DefaultName, at, at); err != nil {
				done <- err
				return
			}
			select {
			case done <- nil:
				return
			default:
			}
		}
	}()
	for range 6 {
		w.now = w.now.Add(day)
		w.renew()
		w.mustImport(w.export())
	}
	require.NoError(t, <-done)
}
