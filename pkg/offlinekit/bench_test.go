package offlinekit_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// half is content of which a compressor saves about half, as of many images.
func half(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.UintN(16)) | byte(i>>8)&0xf0
	}
	return b
}

// built builds a kit of a directory of documents.
func built(b testing.TB, dir string, f archive.Format, w io.Writer) {
	b.Helper()
	build, err := offlinekit.NewBuild(b.Context(), &offlinekit.Plan{
		Name: "acme", Channel: "stable", Version: 1, CreatedAt: createdAt(), Documents: []string{dir},
	}, time.Now())
	require.NoError(b, err)
	defer build.Close()
	h, err := build.Manifest(nil)
	require.NoError(b, err)
	out, err := archive.NewWriter(w, f, createdAt())
	require.NoError(b, err)
	require.NoError(b, build.Write(out, h))
	require.NoError(b, out.Close())
}

func largeFiles(b testing.TB) (dir string, size int64) {
	b.Helper()
	dir = b.TempDir()
	content := half(64 << 20)
	for i := range 4 {
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), content[i:], 0o600))
		size += int64(len(content) - i)
	}
	return dir, size
}

func smallFiles(b testing.TB, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprint(i%100))
		if i < 100 {
			require.NoError(b, os.Mkdir(sub, 0o755))
		}
		require.NoError(b, os.WriteFile(filepath.Join(sub, fmt.Sprintf("%d.json", i)), fmt.Appendf(nil, `{"document":%d}`, i), 0o600))
	}
	return dir
}

func BenchmarkBuildLarge(b *testing.B) {
	dir, size := largeFiles(b)
	for name, f := range map[string]archive.Format{"tar": archive.Tar, "zstd": archive.Zstd} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				built(b, dir, f, io.Discard)
			}
		})
	}
}

func BenchmarkCheckLarge(b *testing.B) {
	dir, size := largeFiles(b)
	for name, f := range map[string]archive.Format{"tar": archive.Tar, "gzip": archive.Gzip, "zstd": archive.Zstd} {
		var packed bytes.Buffer
		built(b, dir, f, &packed)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				checked(b, packed.Bytes())
			}
		})
	}
}

// BenchmarkDecompress is what the compression alone costs, for comparison.
func BenchmarkDecompress(b *testing.B) {
	dir, size := largeFiles(b)
	var packed bytes.Buffer
	built(b, dir, archive.Zstd, &packed)
	b.SetBytes(size)
	for b.Loop() {
		for m, err := range archive.ReadTar(bytes.NewReader(packed.Bytes()), archive.Zstd) {
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, m.Content)
			require.NoError(b, err)
		}
	}
}

func checked(b testing.TB, packed []byte) {
	b.Helper()
	_, err := offlinekit.Check(b.Context(), offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(packed))), offlinekit.CheckOptions{Now: createdAt()})
	require.NoError(b, err)
}

func BenchmarkSmall(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		dir := smallFiles(b, n)
		var packed bytes.Buffer
		built(b, dir, archive.Zstd, &packed)
		b.Run(fmt.Sprintf("build/%d", n), func(b *testing.B) {
			for b.Loop() {
				built(b, dir, archive.Zstd, io.Discard)
			}
		})
		b.Run(fmt.Sprintf("check/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				checked(b, packed.Bytes())
			}
		})
	}
}

func BenchmarkParseManifest(b *testing.B) {
	k := kit{}
	for i := range 100_000 {
		k[fmt.Sprintf("payload/documents/%d/%d.json", i%100, i)] = "{}"
	}
	m := text(b, k.header(b).Manifest)
	b.SetBytes(int64(len(m)))
	b.ReportAllocs()
	for b.Loop() {
		_, err := offlinekit.ParseManifest(m)
		require.NoError(b, err)
	}
}
