package trust_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

// Roots of other publishers are read: those of Sigstore's two instances, which are made
// with other tools, by ECDSA keys of several people.
func TestRootsOfSigstore(t *testing.T) {
	t.Parallel()
	for name, root := range map[string][]byte{"public good": tuf.DefaultRoot(), "staging": tuf.StagingRoot()} {
		t.Run(name, func(t *testing.T) {
			home := trust.NewHome(t.TempDir())
			status, err := home.Init(t.Context(), "sigstore", "root.json", root, digestOf(root), start())
			require.NoError(t, err)
			assert.Greater(t, status.Roles[0].Version, int64(1))

			forged := bytes.Replace(root, []byte(`"version": `), []byte(`"version": 1`), 1)
			_, err = home.Init(t.Context(), "forged", "root.json", forged, digestOf(forged), start())
			requireReason(t, fault.TrustSignature, err)
		})
	}
}

// Bins that hash prefixes choose are chosen in hex, as the specification says.
func TestDelegationByHashOfThePath(t *testing.T) {
	t.Parallel()
	w, dir := newStick(t)
	team, dev := newHolder(t, "team"), newHolder(t, "dev")
	sum := sha256.Sum256([]byte("keys/team.json"))
	digits := hex.EncodeToString(sum[:])
	for prefix, found := range map[string]bool{digits[:2]: true, digits: true, "zz": false} {
		w.delegated(dir, team, nil, map[string][]byte{"keys/team.json": teamKeys(t, dev)})
		m := readMeta(t, metadataFile(dir, "2.targets.json"))
		role := m.Signed["delegations"].(map[string]any)["roles"].([]any)[0].(map[string]any)
		delete(role, "paths")
		role["path_hash_prefixes"] = []string{prefix}
		m.write(t, metadataFile(dir, "2.targets.json"), w.online)
		known := kept{"root": read(t, metadataFile(dir, "1.root.json"))}
		c := &trust.Client{Source: repositoryOf(t, dir), Store: known, Now: w.now}
		require.NoError(t, c.Refresh())
		info, err := c.Find("keys/team.json")
		require.NoError(t, err)
		assert.Equal(t, found, info != nil, prefix)
	}
}

// tarOf writes an archive.
func tarOf(t *testing.T, headers ...*tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		h.Mode = 0o644
		require.NoError(t, w.WriteHeader(h))
		if h.Typeflag == tar.TypeReg {
			_, err := w.Write(make([]byte, h.Size))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "medium.tar")
	put(t, path, b.Bytes())
	return path
}

func TestHostileArchives(t *testing.T) {
	t.Parallel()
	file := func(name string, size int64) *tar.Header {
		return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size}
	}
	for name, tt := range map[string]struct {
		path   string
		reason fault.Reason
	}{
		"traversal": {tarOf(t, file("../metadata/timestamp.json", 1)), fault.ArchiveMalformed},
		"absolute":  {tarOf(t, file("/metadata/timestamp.json", 1)), fault.ArchiveMalformed},
		"link":      {tarOf(t, &tar.Header{Typeflag: tar.TypeSymlink, Name: "metadata/timestamp.json", Linkname: "/etc/passwd"}), fault.ArchiveMalformed},
		"hard link": {tarOf(t, &tar.Header{Typeflag: tar.TypeLink, Name: "metadata/timestamp.json", Linkname: "x"}), fault.ArchiveMalformed},
		"device":    {tarOf(t, &tar.Header{Typeflag: tar.TypeChar, Name: "metadata/timestamp.json", Devmajor: 1, Devminor: 5}), fault.ArchiveMalformed},
		"twice":     {tarOf(t, file("metadata/timestamp.json", 1), file("metadata/timestamp.json", 2)), fault.ArchiveMalformed},
		"too large": {tarOf(t, file("metadata/timestamp.json", trust.MaxSum+1)), fault.InputTooLarge},
		"no trust":  {tarOf(t, file("metadata/x.json", 1)), fault.TrustNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trust.OpenSource(tt.path)
			requireReason(t, tt.reason, err)
		})
	}
}

// What is exported as an archive is imported as one, and as a directory that is
// brought up to date in place.
func TestExportForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	for _, out := range []string{"a.tar", "b.tar.gz", "c.tgz", "dir", "dir"} {
		w.now = w.now.Add(day)
		w.renew()
		files, err := w.publisher.Export(w.now)
		require.NoError(t, err)
		path := filepath.Join(w.dir, out)
		require.NoError(t, trust.WriteExport(t.Context(), path, files, false))
		assert.NotEmpty(t, w.mustImport(path).Changes)
		if out != "dir" {
			requireReason(t, fault.OutputExists, trust.WriteExport(t.Context(), path, files, false))
		}
	}
	files, err := w.publisher.Export(w.now)
	require.NoError(t, err)
	other := t.TempDir()
	put(t, filepath.Join(other, "thesis.doc"), []byte("x"))
	requireReason(t, fault.OutputExists, trust.WriteExport(t.Context(), other, files, false))
	require.NoError(t, trust.WriteExport(t.Context(), other, files, true))
	assert.FileExists(t, filepath.Join(other, "thesis.doc"))
}
