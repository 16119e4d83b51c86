package atomicfile

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/stellaops/stella/internal/fault"
)

// TestDirectoryThatTakesNoFiles writes where a directory is, and the kernel says that
// there is none.
func TestDirectoryThatTakesNoFiles(t *testing.T) {
	err := WriteFile(t.Context(), "/proc/r.html", []byte("x"), Options{})
	requireFault(t, err, fault.OutputFailed)
	assert.ErrorContains(t, err, `"/proc/r.html": its directory takes no new files`)
	assert.Equal(t, "write to another place", fault.HintOf(err))
}
