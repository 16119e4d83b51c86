package canonical

import (
	"testing"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stretchr/testify/assert"
)

// endless is a reader of one byte again and again.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// TestScanSize bounds what Scan reads; the limit is a small one here, because
// reading MaxSize takes a minute with the race detector.
func TestScanSize(t *testing.T) {
	const limit = 3*windowSize + 1
	n, err := scan(endless(' '), nil, limits{limit, MaxDepth, MaxMembers})
	assert.EqualError(t, err, "text is larger than the limit of 786433 bytes at byte 786433")
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
	assert.Equal(t, int64(4*windowSize), n)

	n, err = Scan(endless('['), nil)
	assert.ErrorContains(t, err, "deeper than the limit")
	assert.Equal(t, int64(windowSize), n, "reads on after it has refused")
}
