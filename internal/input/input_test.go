package input_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o600))

	f, err := input.Open(file, nil, 100)
	require.NoError(t, err)
	defer f.Close()
	b, err := f.ReadAll()
	require.NoError(t, err)
	assert.Equal(t, "content", string(b))
	assert.EqualValues(t, 7, f.Size())

	tests := []struct {
		name, path string
		limit      int64
		want       fault.Reason
	}{
		{"missing", filepath.Join(dir, "none"), 100, fault.InputNotFound},
		{"directory", dir, 100, fault.InputNotRegular},
		{"too large", file, 6, fault.InputTooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := input.Open(tt.path, nil, tt.limit)
			require.Error(t, err)
			assert.Equal(t, tt.want, fault.ReasonOf(err))
			assert.Contains(t, err.Error(), tt.path)
		})
	}
}

func TestStandardInput(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, size := range map[string]int{"empty": 0, "small": 10, "kept in memory": 1 << 20, "kept in a file": 9 << 20} {
		t.Run(name, func(t *testing.T) {
			want := bytes.Repeat([]byte("x"), size)
			f, err := input.Open("-", bytes.NewReader(want), 10<<20)
			require.NoError(t, err)
			assert.EqualValues(t, size, f.Size())
			for range 2 { // it reads twice
				got, err := io.ReadAll(f.Reader())
				require.NoError(t, err)
				assert.True(t, bytes.Equal(want, got))
			}
			require.NoError(t, f.Close())
			left, err := os.ReadDir(os.TempDir())
			require.NoError(t, err)
			assert.Empty(t, left, "nothing stays behind")
		})
	}
	_, err := input.Open("-", bytes.NewReader(make([]byte, 11<<20)), 10<<20)
	assert.Equal(t, fault.InputTooLarge, fault.ReasonOf(err))
	_, err = input.Open("-", io.MultiReader(strings.NewReader("x"), failing{}), 100)
	assert.Equal(t, fault.InputUnreadable, fault.ReasonOf(err))
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broken device") }

func TestPinnedCatchesASwap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("honest"), 0o600))
	f, err := input.Open(path, nil, 100)
	require.NoError(t, err)
	defer f.Close()
	pinned := f.Pin(sha256.Sum256([]byte("honest")))
	var out bytes.Buffer
	_, err = pinned.WriteTo(&out)
	require.NoError(t, err)
	assert.Equal(t, "honest", out.String())

	for name, content := range map[string]string{"same length": "evil!!", "shorter": "ev", "longer": "honest and more"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err = pinned.WriteTo(io.Discard)
		if name == "longer" {
			assert.NoError(t, err, "only what was there at opening counts")
			continue
		}
		require.Error(t, err, name)
		assert.Equal(t, fault.InputChanged, fault.ReasonOf(err), name)
	}
	require.NoError(t, os.Truncate(path, 0))
	_, err = f.ReadAll()
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

func TestCheckText(t *testing.T) {
	for name, head := range map[string]string{
		"gzip": "\x1f\x8b\x08\x00", "zstd": "\x28\xb5\x2f\xfd", "xz": "\xfd7zXZ\x00", "zip": "PK\x03\x04", "bzip2": "BZh9",
		"BOM": "\xef\xbb\xbf{}", "UTF-16 BOM": "\xff\xfe{\x00", "UTF-16 BE": "\x00{\x00\"", "UTF-16 LE": "{\x00\"\x00",
	} {
		err := input.CheckText([]byte(head))
		require.Error(t, err, name)
		assert.Equal(t, fault.InputEncoding, fault.ReasonOf(err), name)
		assert.NotEmpty(t, fault.HintOf(err), name)
	}
	for _, ok := range []string{"", "{", "{}\n", "<bom/>", "SPDXVersion: SPDX-2.3"} {
		assert.NoError(t, input.CheckText([]byte(ok)), "%q", ok)
	}
}
