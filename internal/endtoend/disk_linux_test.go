package endtoend

import (
	"bytes"
	"encoding/json/v2"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// onSmallDisk runs the rest of its arguments with a disk of the size $1 in the
// folder $2, in a mount namespace of its own, and writes what is left on the
// disk to the file "left".
const onSmallDisk = `mount -t tmpfs -o size="$1" none "$2" || exit 125
folder=$2
shift 2
"$@"
status=$?
ls -A "$folder" >left
exit $status`

// smallDisk is a call that runs on a small disk.
func (w *world) smallDisk(size, folder string, c call) call {
	w.t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		unavailable(w.t, "unshare is not installed")
	}
	flags := []string{"-m"}
	if os.Geteuid() != 0 {
		flags = []string{"-rm"}
	}
	c.program = unshare
	c.before = append(flags, "sh", "-c", onSmallDisk, "sh", size, folder, program())
	return c
}

// unavailable ends a test that this machine cannot run.
func unavailable(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// largeSBOM is an SBOM of about size bytes.
func largeSBOM(size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[`)
	component := `{"type":"library","name":"` + strings.Repeat("a", 99) + `","version":"1"}`
	for b.Len() < size {
		b.WriteString(component + ",")
	}
	b.WriteString(component + "]}")
	return b.Bytes()
}

// TestFullDisk is about a disk that is too small for the output or for what
// has to be kept of standard input: exit 1, and the disk is empty after it.
func TestFullDisk(t *testing.T) {
	large, huge := largeSBOM(200<<10), largeSBOM(16<<20)
	tests := map[string]struct {
		size, folder string
		call         call
		says         string
		reason       fault.Reason
	}{
		"sign canonical":     {"64k", "out", stella("sign", "sbom", "large.cdx.json", "--key", "p256.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"sign preserve":      {"64k", "out", stella("sign", "sbom", "large.cdx.json", "--preserve", "--key", "p256.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"sign several":       {"64k", "out", stella("sign", "sbom", "large.cdx.json", "--key", "p256.key", "--key", "ed25519.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"counter-sign":       {"64k", "out", stella("attest", "add", "large.dsse.json", "--trust", "p256.key.pub", "--key", "other.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"replace":            {"64k", "out", stella("sign", "sbom", "large.cdx.json", "--force", "--key", "p256.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"no inode":           {"64k,nr_inodes=1", "out", stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"), `"out/x": no space left`, fault.OutputFailed},
		"key pair":           {"4k", "out", stella("keys", "generate", "--no-passphrase", "-o", "out/x"), `"out/x`, fault.OutputFailed},
		"spool of stdin":     {"1m", "tmp", stella("sign", "sbom", "-", "--key", "p256.key", "-o", "out/x"), "standard input", fault.InputUnreadable},
		"spool of stdout":    {"1m", "tmp", stella("sign", "sbom", "huge.cdx.json", "--key", "p256.key"), "no space left", fault.OutputFailed},
		"read only":          {"64k,ro", "out", stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "out/x"), `"out/x": read-only file system`, fault.OutputFailed},
		"key pair read only": {"64k,ro", "out", stella("keys", "generate", "--no-passphrase", "-o", "out/x"), "read-only file system", fault.OutputFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("large.cdx.json", large)
			w.write("huge.cdx.json", huge)
			w.ok("sign", "sbom", "large.cdx.json", "--key", "p256.key", "--envelope", "dsse", "-o", "large.dsse.json")
			tt.call.stdin = func() io.Reader { return bytes.NewReader(huge) }
			w.write("left", nil)
			before := w.picture()

			want := failure{1, tt.reason, []string{tt.says}}
			w.checkText(want, w.onDisk(tt.size, tt.folder, tt.call))
			assert.Empty(t, string(w.read("left")), "left on the full disk")
			o := w.onDisk(tt.size, tt.folder, tt.call.with("--format", "json"))
			w.checkJSON(want, o)
			var found errorObject
			require.NoError(t, json.Unmarshal([]byte(o.stderr), &found))
			assert.NotEmpty(t, found.Error.Hint, "what to do: %s", o)
			assert.Equal(t, before, w.picture())
		})
	}
}

func (w *world) onDisk(size, folder string, c call) outcome {
	w.t.Helper()
	o := w.run(w.smallDisk(size, folder, c))
	if o.status == 125 || strings.Contains(o.stderr, "unshare: ") {
		unavailable(w.t, "this machine does not let a test mount a file system: %s", o)
	}
	return o
}
