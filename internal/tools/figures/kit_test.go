//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/oci"
)

// TestKitReport: a rate under the share, or memory over the limit, is an error that
// names the work.
func TestKitReport(t *testing.T) {
	good := func() *kitRun {
		at := func(name string, took time.Duration) timed {
			return timed{name, 1000 * megabyte, took, usage{cpu: took, rss: 50 * megabyte}}
		}
		return &kitRun{
			hash: at("SHA-256 alone", time.Second), compress: at("compressing", 2*time.Second), decompress: at("decompressing", time.Second/2),
			build: at("build", 2800*time.Millisecond), verify: at("verify", 1400*time.Millisecond), take: at("import", 9*time.Second), status: at("status", time.Millisecond),
			packed: 500 * megabyte, added: 1000 * megabyte,
		}
	}
	for name, tt := range map[string]struct {
		spoil func(*kitRun)
		want  string
	}{
		"all is well":         {func(*kitRun) {}, ""},
		"slow build":          {func(r *kitRun) { r.build.took = 3 * time.Second }, "build is too slow"},
		"slower than hashing": {func(r *kitRun) { r.verify.took = 1500 * time.Millisecond }, "verify is too slow"},
		"slow decompression":  {func(r *kitRun) { r.verify.took, r.decompress.took = 1500*time.Millisecond, 1100*time.Millisecond }, ""},
		"memory":              {func(r *kitRun) { r.take.rss = 101 * megabyte }, "import takes too much memory"},
	} {
		t.Run(name, func(t *testing.T) {
			r := good()
			tt.spoil(r)
			var out strings.Builder
			err := r.report(&out)
			if tt.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.want)
			}
			assert.Contains(t, out.String(), "kit 500.0 MB packed, 1000.0 MB on the auditor's disk, of 1000.0 MB")
		})
	}
}

// TestLayout: it is a whole layout, of the size that is asked for, and half of it can be
// compressed.
func TestLayout(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeLayout(dir, layerSize+megabyte))
	size, err := bytesBelow(dir)
	require.NoError(t, err)
	assert.InDelta(t, layerSize+megabyte, size, 5000)
	l, err := oci.Open(dir)
	require.NoError(t, err)
	defer l.Close()
	found, err := l.Inventory()
	require.NoError(t, err)
	assert.Len(t, found.Blobs, 4, "manifest, config and two layers")
	for _, b := range found.Blobs {
		r, err := l.OpenBlob(b.Digest)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, r)
		require.NoError(t, err, "%s is what its digest says", b.Digest)
		require.NoError(t, r.Close())
	}

	files := filepath.Join(dir, "files")
	require.NoError(t, writeFiles(files, 101))
	for _, name := range []string{"0000/00.json", "0000/99.json", "0001/00.json"} {
		info, err := os.Stat(filepath.Join(files, name))
		require.NoError(t, err)
		assert.InDelta(t, 1000, info.Size(), 300, name)
	}
}

func TestPrimitives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("content"), 0o600))
	require.NoError(t, primitive("sha256", []string{path}))
	require.NoError(t, primitive("compress", []string{path}))
	require.Error(t, primitive("decompress", []string{path}), "it is not compressed")
	require.Error(t, primitive("sha256", []string{path + "x"}), "nothing done is not done fast")
	require.Error(t, primitive("md5", nil))
}
