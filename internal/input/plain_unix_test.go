//go:build unix

package input_test

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

func TestOpenPlain(t *testing.T) {
	for name, size := range map[string]int{"empty": 0, "small": 1100, "held at most": 64 << 10, "larger": 64<<10 + 1, "large": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			want := bytes.Repeat([]byte("content "), size/8+1)[:size]
			require.NoError(t, os.WriteFile(path, want, 0o600))
			f, err := input.OpenPlain(path)
			require.NoError(t, err)
			got, err := f.ReadAll()
			require.NoError(t, err)
			assert.True(t, bytes.Equal(want, got))
			assert.Equal(t, path, f.Name())
			_, held := f.Slice(0, f.Size())
			assert.Equal(t, size <= 64<<10, held)
			require.NoError(t, f.Close())
		})
	}
}

// TestOpenPlainTakesNothingElse would hang if a pipe were waited for.
func TestOpenPlainTakesNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(path("file"), []byte("x"), 0o600))
	require.NoError(t, syscall.Mkfifo(path("pipe"), 0o600))
	require.NoError(t, os.Symlink("file", path("link")))
	require.NoError(t, os.Symlink("loop", path("loop")))
	require.NoError(t, os.Mkdir(path("directory"), 0o700))
	for name, want := range map[string]fault.Reason{
		"absent": fault.InputChanged, "pipe": fault.InputChanged, "link": fault.InputChanged, "loop": fault.InputChanged,
		"directory": fault.InputChanged, "file/under": fault.InputUnreadable,
	} {
		_, err := input.OpenPlain(path(name))
		require.Error(t, err, name)
		assert.Equal(t, want, fault.ReasonOf(err), "%s: %v", name, err)
	}
}
