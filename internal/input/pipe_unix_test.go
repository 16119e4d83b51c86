//go:build unix

package input_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
)

func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	go func() { _ = os.WriteFile(path, []byte("through a pipe"), 0o600) }()
	f, err := input.Open(path, nil, 100)
	require.NoError(t, err)
	defer f.Close()
	b, err := f.ReadAll()
	require.NoError(t, err)
	assert.Equal(t, "through a pipe", string(b))
	assert.Equal(t, path, f.Name())
}

func TestPipeIsCalledByItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	for _, size := range []int{200, 5 << 20} { // in memory, and on disk
		go func() { _ = os.WriteFile(path, make([]byte, size), 0o600) }()
		_, err := input.Open(path, nil, int64(size-1))
		require.ErrorContains(t, err, path)
		require.NotContains(t, err.Error(), "standard input")
	}
}
