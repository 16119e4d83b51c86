package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// layout writes an image of one layer, and returns the path of the layer.
func (w *trustWorld) layout(dir, layer string) string {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(filepath.Join(w.dir, dir, "blobs", "sha256"), 0o755))
	blob := func(content string) string {
		sum := sha256.Sum256([]byte(content))
		name := hex.EncodeToString(sum[:])
		w.write(filepath.Join(dir, "blobs", "sha256", name), content)
		return name
	}
	config, of := blob("{}"), blob(layer)
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",`+
		`"digest":"sha256:%s","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:%s","size":%d}]}`, config, of, len(layer))
	w.write(filepath.Join(dir, "index.json"), fmt.Sprintf(`{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d}]}`,
		blob(manifest), len(manifest)))
	w.write(filepath.Join(dir, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`)
	return filepath.Join(dir, "blobs", "sha256", of)
}

// A layer that is not what its name says is found while the kit is written, in whatever
// form, and nothing is there afterwards.
func TestKitOfADamagedImage(t *testing.T) {
	w := newTrustWorld(t, "")
	layer := w.layout("image", "the content of a layer")
	build := func(want int, out string) string {
		_, stderr := w.call(want, "offline-kit", "build", "--name", "acme", "--channel", "stable", "--kit-version", "1", "--key", "ci.key", "--image", "image", "-o", out)
		return stderr
	}
	outputs := []string{"kit.tar", "kit.tar.zst", "kit"}
	for _, out := range outputs {
		build(0, "good-"+out)
	}
	w.write(layer, "the content of a latex") // of another length it would be refused before
	for _, out := range outputs {
		stderr := build(1, out)
		assert.Contains(t, stderr, filepath.Base(layer), out)
		assert.Contains(t, stderr, "is not what it was", out)
		require.NoFileExists(t, out)
		require.NoDirExists(t, out)
	}
}
