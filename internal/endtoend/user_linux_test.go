package endtoend

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// nobody is the user whom permissions bind when the tests run as root.
const nobody = 65534

// mortal runs the program as a user whom permissions bind. That user owns
// nothing of the world but what give hands over.
func mortal(cmd *exec.Cmd) {
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// give lets the mortal user own files of the world.
func (w *world) give(names ...string) {
	w.t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, name := range names {
		require.NoError(w.t, os.Chown(w.path(name), nobody, nobody))
	}
}

// giveHome lets the mortal user own the home with all that is in it.
func (w *world) giveHome() {
	w.t.Helper()
	require.NoError(w.t, filepath.WalkDir(w.path("home"), func(path string, _ fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(w.dir, path)
		w.give(name)
		return errors.Join(err, relErr)
	}))
}

// mortalWorld is a ready world whose files belong to the mortal user.
func mortalWorld(t *testing.T) *world {
	t.Helper()
	w := ready(t)
	w.giveHome()
	w.give(".", "out", "tmp", "sbom.cdx.json", "sbom.sigstore.json", "sbom.dsse.json", "passphrase")
	for name := range keyPairs() {
		w.give(name, name+".pub")
	}
	w.give("secret.key", "secret.key.pub")
	return w
}

func as(user func(*exec.Cmd), args ...string) call {
	c := stella(args...)
	c.as = user
	return c
}

// TestUnreadable is about a file that exists and may not be read: exit 1.
func TestUnreadable(t *testing.T) {
	w := mortalWorld(t)
	w.write("locked.json", []byte(smallSBOM))
	require.NoError(t, os.Chmod(w.path("locked.json"), 0))
	for name, args := range readers() {
		t.Run(name, func(t *testing.T) {
			want := failure{1, fault.InputUnreadable, []string{`"locked.json"`, "permission denied"}}
			switch name {
			case "config show --config":
				want = failure{2, fault.ConfigInvalid, []string{`"locked.json"`, "permission denied"}}
			case "sign --passphrase-file":
				want = failure{2, fault.PassphraseSource, []string{`"locked.json"`, "permission denied"}}
			}
			in(t, w).failsReading(name, want, as(mortal, put(args, "locked.json")...))
		})
	}
}

// TestQuarantineThatCannotBeListed is about kits in quarantine that the user may not
// look at: that is no empty quarantine.
func TestQuarantineThatCannotBeListed(t *testing.T) {
	w := mortalWorld(t)
	place := w.path("home/.local/share/stella/quarantine")
	require.NoError(t, os.MkdirAll(filepath.Join(place, "20260101T000000Z-1"), 0o755))
	w.giveHome()
	require.NoError(t, os.Chmod(place, 0o300))
	want := failure{1, fault.KitFailed, []string{"quarantine", "permission denied"}}
	w.fails(want, as(mortal, "offline-kit", "status"))
	require.NoError(t, os.Chmod(place, 0o700))
}

// TestReadOnlyFolder is about an output where the user may not write: exit 1.
func TestReadOnlyFolder(t *testing.T) {
	w := mortalWorld(t)
	require.NoError(t, os.Chmod(w.path("out"), 0o555))
	want := failure{1, fault.OutputFailed, []string{`"out/x"`, "permission denied", "another place"}}
	w.fails(want, as(mortal, "sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"))
	w.fails(want, as(mortal, "sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"))
	w.fails(want, as(mortal, "attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "-o", "out/x"))
	w.fails(want, as(mortal, "keys", "generate", "--no-passphrase", "-o", "out/x"))
	require.NoError(t, os.Chmod(w.path("out"), 0o755))
	o := w.okay(as(mortal, "sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"))
	assert.Contains(t, o.stdout, "out/x")
}

// TestUnwritableAuditLog is about a log that the user may not write: exit 1, the
// flag is named, and nothing is signed.
func TestUnwritableAuditLog(t *testing.T) {
	w := mortalWorld(t)
	require.NoError(t, os.Mkdir(w.path("locked"), 0o755))
	w.write("report.json", []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"scanner"}},"results":[]}]}`))
	w.give("report.json")
	want := failure{1, fault.AuditUnwritable, []string{"locked/audit.jsonl", "permission denied", "--audit-log"}}
	for _, args := range [][]string{
		{"sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"},
		{"sign", "report", "report.json", "--decision", "pass", "--key", "p256.key", "-o", "out/x"},
		{"sign", "blob", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"},
		{"attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "-o", "out/x"},
	} {
		w.fails(want, as(mortal, append(args, "--audit-log", "locked/audit.jsonl")...))
		w.okay(as(mortal, append(args, "--audit-log", "none", "--force")...))
	}
}
