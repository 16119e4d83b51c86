package cli

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPipe sends bytes in pieces of all sizes through a small ring.
func TestPipe(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	content := make([]byte, 100_000)
	for i := range content {
		content[i] = byte(r.Uint32())
	}
	p := newPipe(64)
	go func() {
		for rest := content; len(rest) > 0; {
			n := min(len(rest), r.IntN(200))
			if _, err := p.Write(rest[:n]); err != nil {
				return
			}
			rest = rest[n:]
		}
		p.end(nil)
	}()
	got, err := io.ReadAll(iotest.OneByteReader(p))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(content, got))
}

func TestPipeThatBreaks(t *testing.T) {
	bad := errors.New("bad")
	p := newPipe(4)
	_, err := p.Write([]byte("four"))
	require.NoError(t, err)
	p.end(bad)
	got, err := io.ReadAll(p)
	assert.Equal(t, "four", string(got), "what was written before is read")
	assert.ErrorIs(t, err, bad)

	p = newPipe(4)
	failed := make(chan error)
	go func() {
		_, err := p.Write([]byte("more than four"))
		failed <- err
	}()
	p.refuse(bad)
	require.ErrorIs(t, <-failed, bad, "who waits for room is told")
	require.NoError(t, p.Close())
	_, err = p.Write([]byte("x"))
	assert.ErrorIs(t, err, io.ErrClosedPipe)
}
