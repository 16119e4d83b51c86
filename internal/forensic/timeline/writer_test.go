package timeline

import (
	"os"
	"testing"

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
