package keyring_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/atomicfile/crashtest"
	"github.com/stellaops/stella/pkg/keys/keyring"
)

// survivors records a change of a keyring that had the key "old", or that was
// not there, and returns what can be read after a power failure: at any moment,
// and after the change was reported as done.
func survivors(t *testing.T, r *crashtest.Recorder, fresh bool) (ever, after map[string]bool) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "stella", "keyring")
	file := filepath.Join(dir, "keyring.json")
	before := make(map[string][]byte)
	if !fresh {
		add(t, keyring.New(dir, keyring.Options{}), newEntry(t, "old"))
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		before[file] = b
	}
	add(t, keyring.New(dir, keyring.Options{FS: r}), newEntry(t, "new"))
	ever, after = make(map[string]bool), make(map[string]bool)
	r.Crashes(before, func(s crashtest.State) {
		text := readable(s.Files[file])
		ever[text] = true
		if s.Finished {
			after[text] = true
		}
	})
	return ever, after
}

// readable says which keys a keyring.json has; nil is one that is not there.
func readable(b []byte) string {
	if b == nil {
		return "absent"
	}
	c, err := keyring.Parse(b, "keyring.json")
	if err != nil {
		return "broken"
	}
	text := ""
	for _, name := range c.Names() {
		text += name + " "
	}
	return text
}

func words(list ...string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range list {
		out[w] = true
	}
	return out
}

// A power failure leaves the old keyring or the new one, whole; and once a
// change is reported as done, the new one.
func TestPowerFailure(t *testing.T) {
	ever, after := survivors(t, crashtest.NewRecorder(), false)
	assert.Equal(t, words("old ", "new old "), ever)
	assert.Equal(t, words("new old "), after)

	ever, after = survivors(t, crashtest.NewRecorder(), true)
	assert.Equal(t, words("absent", "new "), ever)
	assert.Equal(t, words("new "), after)
}

// The test above notices a sync that is missing.
func TestPowerFailureWithoutSyncs(t *testing.T) {
	r := crashtest.NewRecorder()
	r.IgnoreSync = true
	ever, _ := survivors(t, r, false)
	assert.Contains(t, ever, "broken")

	r = crashtest.NewRecorder()
	r.IgnoreSyncDir = true
	_, after := survivors(t, r, false)
	assert.Contains(t, after, "old ")
}
