package timeline

import (
	"os"
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
