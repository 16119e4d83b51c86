package timeline

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
)

// TestKeyThatIsGone leaves the public key alone, which the checkpoint needs.
func TestKeyThatIsGone(t *testing.T) {
	path := made(t, 3)
	public := read(t, path+chain.PubSuffix)
	require.NoError(t, os.Remove(path+chain.KeySuffix))
	_, err := Add(t.Context(), path, clock(), scans(1))
	assert.Equal(t, fault.TimelineUnwritable, fault.ReasonOf(err), "%v", err)
	assert.Equal(t, public, read(t, path+chain.PubSuffix))
	assert.NoFileExists(t, path+chain.KeySuffix)
	require.NoError(t, verify(t, read(t, path), kept(t, path)).Err())
}

// TestRewritten gives a timeline a history that its checkpoint was not made over, and
// that is longer: the writer signs none, also where the checkpoint's event lies before
// what a crash can have damaged.
func TestRewritten(t *testing.T) {
	for name, n := range map[string]int{"near": 4, "before the end is read": (chain.MaxGroup+2*MaxLine)/300 + 100} {
		t.Run(name, func(t *testing.T) {
			path := made(t, 3)
			start := read(t, path)
			forged := read(t, made(t, n))
			require.NoError(t, os.WriteFile(path, forged, 0o600))
			_, err := Add(t.Context(), path, time.Now, scans(1))
			assert.Equal(t, fault.TimelineTampered, fault.ReasonOf(err), "%v", err)
			assert.Equal(t, forged, read(t, path))
			assert.EqualValues(t, 3, kept(t, path).Size, "it is the only trace")

			checkpoint := read(t, path+chain.CheckpointSuffix)
			require.NoError(t, os.WriteFile(path, start, 0o600))
			later := clock()
			for range 4 {
				later()
			}
			_, err = Add(t.Context(), path, later, scans(n))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path+chain.CheckpointSuffix, checkpoint, 0o644))
			added, err := Add(t.Context(), path, time.Now, scans(1))
			require.NoError(t, err, "a crash left the older checkpoint")
			assert.EqualValues(t, n+4, added.Head.Size)
		})
	}
}

// TestAnotherFile leaves alone what never was a timeline, also without a line feed at
// its end, as a write that was cut off has none.
func TestAnotherFile(t *testing.T) {
	for name, text := range map[string]string{"lines": "hello\n", "one line": `{"a":1}`, "other version": `{"v":2,"seq":1`} {
		path := filepath.Join(t.TempDir(), "other")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Add(t.Context(), path, clock(), scans(1))
		assert.Equal(t, fault.TimelineMalformed, fault.ReasonOf(err), "%s: %v", name, err)
		assert.Equal(t, text, string(read(t, path)), name)
		files, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		assert.Len(t, files, 1, name)
	}
}

// TestFirstWriteCutOff begins anew where a crash cut the very first write.
func TestFirstWriteCutOff(t *testing.T) {
	for _, torn := range []string{`{"v"`, `{"v":1,"seq":1,"ev`, "\x00\x00\x00"} {
		path := filepath.Join(t.TempDir(), "case.ndjson")
		require.NoError(t, os.WriteFile(path, []byte(torn), 0o600))
		added, err := Add(t.Context(), path, clock(), scans(1))
		require.NoError(t, err, torn)
		assert.Equal(t, len(torn), added.Cut)
		assert.EqualValues(t, 1, added.Head.Size)
	}
}

// TestEditedFirst edits the only event: what is left is a timeline all the same.
func TestEditedFirst(t *testing.T) {
	text := read(t, made(t, 1))
	r := verify(t, bytes.Replace(text, []byte(`{"n":0}`), []byte(`{"n":9}`), 1))
	assert.Equal(t, fault.TimelineTampered, fault.ReasonOf(r.Err()))
	assert.Equal(t, 1, r.Edited)
	assert.Contains(t, r.Problems[0].Message, "event 1 was edited: its details")
	assert.Equal(t, fault.TimelineMalformed, fault.ReasonOf(verify(t, []byte("x\n")).Err()))
}
