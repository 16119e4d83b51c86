package endtoend

import (
	"encoding/json/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// onDiskOf runs what follows $4 with a copy of the folder $3 on a disk of the size $1
// that is mounted on $2 with the options $4, and copies back what is left. The option
// "tight" leaves room for twenty files more than there are.
const onDiskOf = `mount -t tmpfs -o size="$1" none "$2" && cp -a "$3/." "$2" || exit 125
options=$4
[ "$options" != tight ] || options=nr_inodes=$(($(find "$2" | wc -l) + 20))
mount -o "remount,$options" "$2" || exit 125
folder=$2 left=$3.left
shift 4
"$@"
status=$?
cp -a "$folder" "$left"
exit $status`

// kitOnDisk runs an import of kit-2 with the state on a small disk, and returns what is
// left there.
func (w *world) kitOnDisk(size, options, kit string) (outcome, string) {
	w.t.Helper()
	state := w.path("state")
	require.NoError(w.t, os.CopyFS(state, os.DirFS(w.path("home/.local/share/stella"))))
	w.modes(state)
	require.NoError(w.t, os.Mkdir(w.path("disk"), 0o700))
	c := w.smallDisk(size, w.path("disk"), stateOf(w.path("disk"), "offline-kit", "import", kit, "--format", "json"))
	c.before = append(c.before[:1], "sh", "-c", onDiskOf, "sh", size, w.path("disk"), state, options, program())
	if os.Geteuid() != 0 {
		unavailable(w.t, "mounting needs root here")
	}
	o := w.run(c)
	if o.status == 125 || strings.Contains(o.stderr, "unshare: ") {
		unavailable(w.t, "this machine does not let a test mount a file system: %s", o)
	}
	return o, state + ".left"
}

// TestKitOnFullDisk imports a kit onto a disk that has no room for it: known ahead where
// the manifest tells, found out while writing where inodes are missing. The kit before
// stays active.
func TestKitOnFullDisk(t *testing.T) {
	for name, tt := range map[string]struct {
		size, options, says string
		reason              fault.Reason
	}{
		"no bytes":  {"1m", "rw", "are free", fault.KitSpace},
		"no inodes": {"64m", "tight", "no space left", fault.KitSpace},
		"read only": {"64m", "ro", "read-only file system", fault.TrustFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := kitWorld(t)
			o, left := w.kitOnDisk(tt.size, tt.options, "kit-2")
			var found errorObject
			require.NoError(t, json.Unmarshal([]byte(o.stderr), &found), "%s", o)
			assert.Equal(t, 1, o.status)
			assert.Equal(t, tt.reason, found.Error.Reason)
			assert.Contains(t, found.Error.Message, tt.says)
			assert.NotEmpty(t, found.Error.Hint)
			assert.Equal(t, "kit-1", w.activeKit(left, "kit-1"))
			assert.NoDirExists(t, filepath.Join(left, "kits", "stable", "payloads", "2-2"))
		})
	}
}
