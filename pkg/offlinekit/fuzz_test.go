package offlinekit_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/pkg/offlinekit"
)

// FuzzParseManifest reads anything as a manifest. What is taken must be the same after
// it was written and read again, and its names must be good.
func FuzzParseManifest(f *testing.F) {
	good := text(f, small().header(f).Manifest)
	f.Add(good)
	f.Add(text(f, kit{"a": ""}.header(f).Manifest))
	f.Add([]byte(`{"format":"stella.ops/offlineKit@v2"}`))
	f.Add(bytes.Replace(good, []byte("oci/index.json"), []byte("../index.json"), 1))
	f.Add(bytes.Replace(good, []byte(`"version": 7`), []byte(`"version": 7e0`), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := offlinekit.ParseManifest(b)
		if err != nil {
			return
		}
		for _, e := range m.Entries {
			require.NoError(t, offlinekit.CheckName(e.Name))
		}
		again, err := offlinekit.ParseManifest(text(t, m))
		require.NoError(t, err)
		assert.Equal(t, m, again)
	})
}

// FuzzRead reads anything as a kit. It must end, without a panic; and what is read
// without a complaint must be all that its manifest lists, and nothing else.
func FuzzRead(f *testing.F) {
	k := kit{"bin/stella": "#!stella", "trust/a": "trust"}
	for _, format := range []archive.Format{archive.Tar, archive.Gzip, archive.Zstd} {
		f.Add(k.pack(f, format))
	}
	list := k.members(f)
	f.Add(tarOf(f, list[:len(list)-1]))
	f.Add(tarOf(f, append(list, member{name: "../x"})))
	f.Add(tarOf(f, list[1:]))
	f.Fuzz(func(t *testing.T, b []byte) {
		source := offlinekit.NewSource("kit", io.NopCloser(bytes.NewReader(b)))
		s := &keeper{files: kit{}}
		c, err := offlinekit.Read(t.Context(), source, s)
		if err != nil {
			return
		}
		assert.Empty(t, c.Findings)
		assert.Len(t, s.files, len(c.Manifest.Entries))
		for _, e := range c.Manifest.Entries {
			assert.Len(t, s.files[e.Name], int(e.Size))
		}
	})
}
