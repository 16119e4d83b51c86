package endtoend

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// kitWorld is a world with trust and three kits, of which the first is active. Each is
// there as an archive, kit-N.tar.zst, and as the directory kit-N.
func kitWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.ok("trust", "publish", "init", "acme", "--root-key", "ed25519.key.pub", "--key", "ed25519.key.pub")
	w.ok("trust", "publish", "add-key", "acme", "p256.key.pub", "--holder", "builder", "--type", "stella.ops/offlineKit@v1")
	w.ok("trust", "publish", "sign", "acme", "--key", "ed25519.key")
	w.ok("trust", "publish", "export", "acme", "-o", "medium")
	w.ok("trust", "init", "--root", "medium/metadata/1.root.json", "--root-sha256", w.digest("medium/metadata/1.root.json"))
	for version := 1; version <= 3; version++ {
		w.buildKit(version)
	}
	w.ok("offline-kit", "import", "kit-1.tar.zst")
	return w
}

func (w *world) digest(name string) string {
	sum := sha256.Sum256(w.read(name))
	return hex.EncodeToString(sum[:])
}

// buildKit builds a kit of some twenty files in three directories.
func (w *world) buildKit(version int) {
	w.t.Helper()
	documents := fmt.Sprintf("documents-%d", version)
	for i := range 20 {
		name := fmt.Sprintf("%s/%d/document-%d.txt", documents, i%3, i)
		require.NoError(w.t, os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
		w.write(name, bytes.Repeat(fmt.Appendf(nil, "document %d of version %d\n", i, version), 200))
	}
	kit := fmt.Sprintf("kit-%d", version)
	w.ok("offline-kit", "build", "--name", "acme", "--channel", "stable", "--kit-version", fmt.Sprint(version), "--key", "p256.key",
		"--trust", "medium", "--document", documents, "-o", kit+".tar.zst")
	w.ok("offline-kit", "build", "--from", kit+".tar.zst", "-o", kit)
}

// tree is every file below a directory with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, relErr := filepath.Rel(dir, path)
		content, readErr := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(content)
		return errors.Join(relErr, readErr)
	})
	require.NoError(t, err)
	return files
}

// stateOf is a call that keeps everything in a directory.
func stateOf(dir string, args ...string) call { return stella(append(args, "--state", dir)...) }

// activeKit says which of the kits, by their directories, is active in a state
// directory, whole; or else what is there.
func (w *world) activeKit(dir string, kits ...string) string {
	w.t.Helper()
	o := w.okay(stateOf(dir, "offline-kit", "status", "--path"))
	active := tree(w.t, strings.TrimSuffix(o.stdout, "\n"))
	for _, kit := range kits {
		if assert.ObjectsAreEqual(tree(w.t, w.path(kit)), active) {
			return kit
		}
	}
	return fmt.Sprintf("a mix of %d files", len(active))
}

// kills is how many imports are killed.
const kills = 240

// TestKilledKitImports kills imports at random points, the same in every run but for the
// pace of the machine. Each leaves the kit before or the new one, whole, and the next
// import works.
func TestKilledKitImports(t *testing.T) {
	t.Parallel()
	w := kitWorld(t)
	begun := w.path("home/.local/share/stella")
	fresh := func(i int) string {
		dir := w.path(fmt.Sprintf("state-%d", i))
		require.NoError(t, os.CopyFS(dir, os.DirFS(begun)))
		w.modes(dir)
		return dir
	}
	begin := time.Now()
	w.okay(stateOf(fresh(-1), "offline-kit", "import", "kit-2.tar.zst"))
	took := time.Since(begin)
	random := rand.New(rand.NewPCG(1, 2))
	seen, interrupted := map[string]int{}, 0
	for i := range kills {
		dir := fresh(i)
		r := w.start(stateOf(dir, "offline-kit", "import", "kit-2.tar.zst"), nil)
		time.Sleep(time.Duration(random.Float64() * 1.2 * float64(took)))
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		left, err := os.ReadDir(filepath.Join(dir, "kits", "stable", "payloads"))
		require.NoError(t, err)
		kit := w.activeKit(dir, "kit-1", "kit-2")
		require.Contains(t, []string{"kit-1", "kit-2"}, kit)
		seen[kit]++
		interrupted += count(kit == "kit-1" && len(left) == 2)
		w.okay(stateOf(dir, "offline-kit", "import", "kit-3"))
		require.Equal(t, "kit-3", w.activeKit(dir, "kit-3"))
		require.NoError(t, os.RemoveAll(dir))
	}
	t.Logf("an import took %s; what was active after a kill: %v; killed while files were written: %d", took, seen, interrupted)
	assert.Positive(t, seen["kit-1"])
	assert.Positive(t, interrupted, "no import was killed while it wrote")
}

// modes takes from a copied store what a copy gives to others.
func (w *world) modes(dir string) {
	w.t.Helper()
	for _, name := range []string{".", "kits", "kits/stable", "kits/stable/payloads"} {
		require.NoError(w.t, os.Chmod(filepath.Join(dir, name), 0o700))
	}
}

// TestKitsThatAreRefused is about the command as a user meets it: one error, the exit
// status of the contract, and the kit before as it was.
func TestKitsThatAreRefused(t *testing.T) {
	w := kitWorld(t)
	w.ok("offline-kit", "import", "kit-2.tar.zst")
	whole := w.read("kit-3.tar.zst")
	w.write("part-1", whole[:len(whole)/2])
	w.write("part-2", whole[len(whole)/2:])
	require.NoError(t, os.CopyFS(w.path("future"), os.DirFS(w.path("kit-3"))))
	manifest := w.read("future/manifest.json")
	w.write("future/manifest.json", bytes.Replace(manifest, []byte("offlineKit@v1"), []byte("offlineKit@v7"), 1))
	require.NoError(t, os.CopyFS(w.path("changed"), os.DirFS(w.path("kit-3"))))
	w.write("changed/payload/documents/1/document-4.txt", []byte("changed"))

	kept := w.path("home/.local/share/stella/kits")
	before := tree(t, kept)
	for name, tt := range map[string]struct {
		call   call
		status int
		reason fault.Reason
		says   []string
	}{
		"wrong stick":    {stella("offline-kit", "import", "medium"), 2, fault.KitNotOne, []string{`"medium" is no offline kit`}},
		"first part":     {stella("offline-kit", "import", "part-1"), 4, fault.KitIncomplete, []string{`"part-1"`, "Copy it anew"}},
		"second part":    {stella("offline-kit", "import", "part-2"), 2, fault.KitNotOne, []string{`"part-2"`}},
		"replay":         {stella("offline-kit", "import", "kit-1.tar.zst"), 3, fault.KitVersion, []string{`version 1 of channel "stable", built at 20`, "version 2, which was active since 20"}},
		"other channel":  {stella("offline-kit", "import", "kit-3", "--channel", "beta"), 3, fault.KitChannel, []string{`"stable", not "beta"`}},
		"future format":  {stella("offline-kit", "import", "future"), 2, fault.KitFormat, []string{"stella.ops/offlineKit@v7", "a newer stella"}},
		"changed file":   {stella("offline-kit", "import", "changed"), 3, fault.KitMismatch, []string{"document-4.txt"}},
		"through a pipe": {call{args: []string{"offline-kit", "import", "-"}, stdin: func() io.Reader { return bytes.NewReader(whole[:len(whole)/2]) }}, 4, fault.KitIncomplete, []string{"standard input"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := w.run(tt.call)
			require.Equal(t, tt.status, text.status, "%s", text)
			require.Equal(t, tt.reason.Exit(), tt.status)
			assert.Empty(t, text.stdout)
			for _, part := range tt.says {
				assert.Contains(t, text.stderr, part)
			}
			assert.Equal(t, 1, strings.Count(text.stderr, "error: "), "%s", text)
			assert.Equal(t, 1, strings.Count(text.stderr, "hint: "), "%s", text)
			var found errorObject
			require.NoError(t, json.Unmarshal([]byte(w.run(tt.call.with("--format", "json")).stderr), &found))
			assert.Equal(t, tt.reason, found.Error.Reason)
			assert.Equal(t, before, tree(t, kept))
		})
	}
	w.ok("offline-kit", "import", "kit-3")
}

// TestImportsOfAKitAtOnce starts the same import twice and another beside it.
func TestImportsOfAKitAtOnce(t *testing.T) {
	w := kitWorld(t)
	var all []*running
	for _, kit := range []string{"kit-2.tar.zst", "kit-3.tar.zst", "kit-2", "kit-3"} {
		all = append(all, w.start(stella("offline-kit", "import", kit), nil))
	}
	done := 0
	for _, r := range all {
		_ = r.cmd.Wait() // the exit status tells
		status := r.cmd.ProcessState.ExitCode()
		assert.Contains(t, []int{0, 3}, status, "%s", &r.stderr)
		done += count(status == 0)
	}
	assert.GreaterOrEqual(t, done, 2)
	o := w.ok("offline-kit", "status", "--path")
	assert.Equal(t, tree(t, w.path("kit-3")), tree(t, strings.TrimSpace(o.stdout)))
}
