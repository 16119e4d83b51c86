package archive_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
)

var written = []struct{ name, content string }{
	{"manifest.json", "{}\n"},
	{"bin/stella", "\x7fELF"},
	{strings.Repeat("directory/", 12) + "file", "far down"},
	{"größe/名前", "a name of more than ASCII"},
	{"empty", ""},
}

func writeAll(t *testing.T, f archive.Format) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := archive.NewWriter(&b, f, time.Unix(1_700_000_000, 999))
	require.NoError(t, err)
	for _, m := range written {
		require.NoError(t, w.Add(m.name, int64(len(m.content)), strings.HasPrefix(m.name, "bin/"), strings.NewReader(m.content)))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestWriter(t *testing.T) {
	for name, f := range map[string]archive.Format{"a.tar": archive.Tar, "a.tar.gz": archive.Gzip, "a.tar.zst": archive.Zstd} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, f, archive.FormatOfName(name))
			raw := writeAll(t, f)
			assert.Equal(t, raw, writeAll(t, f), "the same members make the same bytes")
			assert.Equal(t, f, archive.Recognise(raw[:min(len(raw), archive.HeadSize)]))

			i := 0
			for m, err := range archive.ReadTar(bytes.NewReader(raw), f) {
				require.NoError(t, err)
				require.NoError(t, m.Err)
				content, err := io.ReadAll(m.Content)
				require.NoError(t, err)
				assert.Equal(t, written[i].name, m.Name)
				assert.Equal(t, written[i].content, string(content))
				i++
			}
			assert.Len(t, written, i)
		})
	}
}

// TestWriterStockTar has the system's tar read what Writer writes.
func TestWriterStockTar(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tar.gz"), writeAll(t, archive.Gzip), 0o600))
	out, err := exec.Command("tar", "-C", dir, "-xzf", filepath.Join(dir, "a.tar.gz")).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, m := range written {
		content, err := os.ReadFile(filepath.Join(dir, m.name))
		require.NoError(t, err)
		assert.Equal(t, m.content, string(content))
		info, err := os.Stat(filepath.Join(dir, m.name))
		require.NoError(t, err)
		assert.Equal(t, strings.HasPrefix(m.name, "bin/"), info.Mode()&0o100 != 0, m.name)
		assert.Equal(t, int64(1_700_000_000), info.ModTime().Unix())
	}
}

// TestWriterProcessors compresses more than one block, with one processor and with
// all.
func TestWriterProcessors(t *testing.T) {
	content := make([]byte, 5<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range content {
		content[i] = "abcdefgh"[r.IntN(8)]
	}
	write := func() []byte {
		var b bytes.Buffer
		w, err := archive.NewWriter(&b, archive.Zstd, time.Unix(0, 0))
		require.NoError(t, err)
		require.NoError(t, w.Add("a", int64(len(content)), false, bytes.NewReader(content)))
		require.NoError(t, w.Close())
		return b.Bytes()
	}
	many := write()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	assert.Equal(t, many, write())
}

// TestWriterReadsToTheEnd has a reader fail where its content should end, as one does
// that holds the content to a digest.
func TestWriterReadsToTheEnd(t *testing.T) {
	w, err := archive.NewWriter(io.Discard, archive.Tar, time.Unix(0, 0))
	require.NoError(t, err)
	bad := errors.New("another digest")
	err = w.Add("a", 4, false, io.MultiReader(strings.NewReader("four"), iotest.ErrReader(bad)))
	assert.ErrorIs(t, err, bad)
}

func TestWriterRefuses(t *testing.T) {
	tests := map[string]struct {
		name    string
		content string
		says    string
	}{
		"leads out": {"../a", "four", `leads out`},
		"twice":     {"there", "four", "was there before"},
		"shorter":   {"a", "thr", "changed while it was read"},
		"longer":    {"a", "five.", "changed while it was read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, err := archive.NewWriter(io.Discard, archive.Tar, time.Unix(0, 0))
			require.NoError(t, err)
			require.NoError(t, w.Add("there", 4, false, strings.NewReader("four")))
			err = w.Add(tt.name, 4, false, strings.NewReader(tt.content))
			assert.Equal(t, fault.ArchiveMalformed, fault.ReasonOf(err))
			assert.ErrorContains(t, err, tt.says)
		})
	}
}
