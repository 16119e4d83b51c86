//go:build interop

package interop

import (
	"crypto/sha256"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// publisher is a directory in which trust is published as a user does.
type publisher struct {
	t   *testing.T
	dir string
}

// newPublisher publishes trust in ci.key, with a root of two of three.
func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{t, t.TempDir()}
	for name, algorithm := range map[string]string{
		"alice": "ed25519", "bob": "ecdsa-p256", "carol": "ed25519", "dave": "ecdsa-p256",
		"online": "ecdsa-p256", "online2": "ed25519", "ci": "ecdsa-p256",
	} {
		stellaKey(t, p.dir, name+".key", algorithm)
	}
	p.publish("init", "--root-key", "alice.key.pub", "--root-key", "bob.key.pub", "--root-key", "carol.key.pub", "--root-threshold", "2", "--key", "online.key.pub")
	p.publish("add-key", "ci.key.pub", "--type", "*")
	p.sign("alice", "bob", "online")
	return p
}

// publish runs a verb of trust publish on the directory.
func (p *publisher) publish(verb string, args ...string) {
	p.t.Helper()
	stella(p.t, p.dir, append([]string{"trust", "publish", verb, "trust"}, args...)...)
}

func (p *publisher) sign(by ...string) {
	p.t.Helper()
	var args []string
	for _, name := range by {
		args = append(args, "--key", name+".key")
	}
	p.publish("sign", args...)
}

func (p *publisher) export() string {
	p.t.Helper()
	p.publish("export", "-o", "medium")
	return filepath.Join(p.dir, "medium")
}

// auditors are stella and tuf-js, which begin with the same root.
type auditors struct {
	t         *testing.T
	stellaDir string
	tufDir    string
	modules   string
}

func newAuditors(t *testing.T, medium string) *auditors {
	t.Helper()
	modules := program(t, ".cache", "oracles", "tuf-js")
	a := &auditors{t, t.TempDir(), t.TempDir(), modules}
	root, err := os.ReadFile(filepath.Join(medium, "metadata", "1.root.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(a.tufDir, "root.json"), root, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(a.stellaDir, "state"), 0o700))
	stella(t, a.stellaDir, "trust", "init", "--state", "state", "--root", filepath.Join(medium, "metadata", "1.root.json"),
		"--root-sha256", fmt.Sprintf("%x", sha256.Sum256(root)))
	return a
}

// follow lets tuf-js take what a medium holds.
func (a *auditors) follow(medium string) result {
	a.t.Helper()
	return run(a.t, a.tufDir, command(a.t, "node"), fromRoot(a.t, "internal", "interop", "testdata", "tuf-js", "follow.mjs"),
		a.modules, a.tufDir, medium, "keys.json", "format.json")
}

// agree wants both to take a medium, and to have the same versions then.
func (a *auditors) agree(medium string, root, targets int) {
	a.t.Helper()
	stella(a.t, a.stellaDir, "trust", "import", medium, "--state", "state")
	r := a.follow(medium)
	require.Zero(a.t, r.status, "tuf-js: %s%s", r.stdout, r.stderr)
	var found map[string]string
	require.NoError(a.t, json.Unmarshal([]byte(r.stdout), &found))
	assert.Contains(a.t, found["keys.json"], "stella.ops/keys@v1")
	for role, want := range map[string]int{"root": root, "targets": targets, "snapshot": targets, "timestamp": targets} {
		var file struct {
			Signed struct {
				Version int `json:"version"`
			} `json:"signed"`
		}
		require.NoError(a.t, json.Unmarshal(read(a.t, a.tufDir, role+".json"), &file))
		assert.Equal(a.t, want, file.Signed.Version, "%s at tuf-js", role)
	}
	status := stella(a.t, a.stellaDir, "trust", "status", "--state", "state").stdout
	assert.Regexp(a.t, fmt.Sprintf(`(?m)^root +version %d,`, root), status)
	assert.Regexp(a.t, fmt.Sprintf(`(?m)^targets +version %d,`, targets), status)
}

// refuse wants both to refuse a medium.
func (a *auditors) refuse(medium, reason string, status int) {
	a.t.Helper()
	stellaFails(a.t, a.stellaDir, status, reason, "trust", "import", medium, "--state", "state")
	r := a.follow(medium)
	require.NotZero(a.t, r.status, "tuf-js took it")
}

// TestTUFJSFollowsRotations: an independent client follows what stella publishes, from
// the first root through a rotation of the root's keys and one of the targets', both
// step by step and from the beginning.
func TestTUFJSFollowsRotations(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	medium := p.export()
	a := newAuditors(t, medium)
	a.agree(medium, 1, 1)

	p.publish("rotate-root", "--add", "dave.key.pub", "--remove", "alice.key")
	p.sign("bob", "carol")
	a.agree(p.export(), 2, 1)

	p.publish("rotate-root", "--for", "targets", "--add", "online2.key.pub", "--remove", "online.key")
	p.sign("dave", "carol", "online", "online2")
	medium = p.export()
	a.agree(medium, 3, 2)

	newAuditors(t, medium).agree(medium, 3, 2)
}

// TestTUFJSRefusesWhatStellaRefuses: the two agree on media that were spoilt.
func TestTUFJSRefusesWhatStellaRefuses(t *testing.T) {
	t.Parallel()
	p := newPublisher(t)
	old := filepath.Join(t.TempDir(), "old")
	require.NoError(t, os.CopyFS(old, os.DirFS(p.export())))
	p.publish("sign", "--renew", "--key", "online.key")
	medium := p.export()
	for name, tt := range map[string]struct {
		spoil  func(dir string)
		reason string
		status int
	}{
		"old medium": {func(dir string) {
			require.NoError(t, os.RemoveAll(dir))
			require.NoError(t, os.CopyFS(dir, os.DirFS(old)))
		}, "trust.rollback", 3},
		"targets are missing": {func(dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "metadata", "3.targets.json"))) }, "trust.incomplete", 4},
		"target changed": {func(dir string) {
			files, err := filepath.Glob(filepath.Join(dir, "targets", "*.keys.json"))
			require.NoError(t, err)
			for _, f := range files {
				require.NoError(t, os.WriteFile(f, []byte("{}"), 0o600))
			}
		}, "trust.mismatch", 3},
		"root of another publisher": {func(dir string) {
			other := newPublisher(t)
			b := read(t, other.export(), "metadata/1.root.json")
			require.NoError(t, os.WriteFile(filepath.Join(dir, "metadata", "2.root.json"), b, 0o600))
		}, "trust.signature", 3},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuditors(t, medium)
			a.agree(medium, 1, 2)
			next := newMedium(t, p)
			tt.spoil(next)
			a.refuse(next, tt.reason, tt.status)
		})
	}
}

// newMedium is a medium with version 3, beside the publisher who stays at 2.
func newMedium(t *testing.T, p *publisher) string {
	t.Helper()
	copied := &publisher{t, t.TempDir()}
	require.NoError(t, os.CopyFS(copied.dir, os.DirFS(p.dir)))
	require.NoError(t, os.RemoveAll(filepath.Join(copied.dir, "medium")))
	copied.publish("sign", "--renew", "--key", "online.key")
	return copied.export()
}
