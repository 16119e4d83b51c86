package world_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/world"
)

// onDisk writes a layout and has go-containerregistry read all that its index lists
// and validate its images.
func onDisk(t *testing.T, w *world.World, c world.Carrier) (v1.ImageIndex, string, string) {
	t.Helper()
	files, digest := w.Layout(c, world.Options{})
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	index, err := layout.ImageIndexFromPath(dir)
	require.NoError(t, err)
	for _, image := range manifests(t, index) {
		m, err := image.Manifest()
		require.NoError(t, err)
		if m.Config.MediaType != "application/vnd.oci.empty.v1+json" { // of artifacts, which it takes for broken images
			require.NoError(t, validate.Image(image))
		}
	}
	return index, digest, dir
}

// manifests are those of the index under what names them: a tag, a kind, or the
// media type of their only layer.
func manifests(t *testing.T, index v1.ImageIndex) map[string]v1.Image {
	t.Helper()
	all, err := index.IndexManifest()
	require.NoError(t, err)
	found := map[string]v1.Image{}
	for _, d := range all.Manifests {
		image, err := index.Image(d.Digest)
		require.NoError(t, err)
		m, err := image.Manifest()
		require.NoError(t, err)
		name := d.Annotations["org.opencontainers.image.ref.name"] + d.Annotations["kind"]
		if name == "" {
			name = m.Annotations["dev.sigstore.bundle.predicateType"]
		}
		found[name] = image
	}
	return found
}

// onlyLayer is the content and the annotations of a manifest's only layer.
func onlyLayer(t *testing.T, image v1.Image) ([]byte, map[string]string) {
	t.Helper()
	m, err := image.Manifest()
	require.NoError(t, err)
	require.Len(t, m.Layers, 1)
	l, err := image.LayerByDigest(m.Layers[0].Digest)
	require.NoError(t, err)
	r, err := l.Compressed()
	require.NoError(t, err)
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content, m.Layers[0].Annotations
}

func TestLayoutOfTags(t *testing.T) {
	for name, c := range map[string]world.Carrier{"tags": world.Tags, "cosign save": world.CosignSave} {
		t.Run(name, func(t *testing.T) {
			w := world.New(t.Name())
			index, digest, dir := onDisk(t, w, c)
			found := manifests(t, index)
			require.Len(t, found, 3)
			tag := "sha256-" + strings.TrimPrefix(digest, "sha256:")
			signature, attestation := found[tag+".sig"], found[tag+".att"]
			if c == world.CosignSave {
				signature, attestation = found["dev.cosignproject.cosign/sigs"], found["dev.cosignproject.cosign/atts"]
			}
			checkSignature(t, w, signature, digest)
			checkAttestation(t, w, attestation, blob(t, dir, digest))
		})
	}
}

// checkSignature verifies a simple signing layer as a signed message.
func checkSignature(t *testing.T, w *world.World, image v1.Image, digest string) {
	t.Helper()
	payload, annotations := onlyLayer(t, image)
	require.Contains(t, string(payload), `"docker-manifest-digest":"`+digest+`"`)
	b := bundleOf(t, []byte(annotations["dev.sigstore.cosign/certificate"]), rekorOf(t, annotations))
	signature := unbase64(t, annotations["dev.cosignproject.cosign/signature"])
	b.Content = messageContent(signature, payload)
	accepted(t, w, encoded(t, b), payload, logged())
	stamped(t, w, annotations, signature)
}

// checkAttestation verifies an envelope's layer, whose timestamp is over all of it.
func checkAttestation(t *testing.T, w *world.World, image v1.Image, manifest []byte) {
	t.Helper()
	envelope, annotations := onlyLayer(t, image)
	assert.Equal(t, "https://slsa.dev/provenance/v1", annotations["predicateType"])
	b := bundleOf(t, []byte(annotations["dev.sigstore.cosign/certificate"]), rekorOf(t, annotations))
	b.Content = envelopeContent(t, envelope)
	accepted(t, w, encoded(t, b), manifest, logged())
	stamped(t, w, annotations, envelope)
}

func rekorOf(t *testing.T, annotations map[string]string) cosignRekor {
	t.Helper()
	var r cosignRekor
	require.NoError(t, json.Unmarshal([]byte(annotations["dev.sigstore.cosign/bundle"]), &r, json.RejectUnknownMembers(true)))
	return r
}

// stamped verifies the timestamp in an annotation.
func stamped(t *testing.T, w *world.World, annotations map[string]string, message []byte) {
	t.Helper()
	var stamp struct{ SignedRFC3161Timestamp []byte }
	require.NoError(t, json.Unmarshal([]byte(annotations["dev.sigstore.cosign/rfc3161timestamp"]), &stamp))
	trusted, err := root.NewTrustedRootFromJSON(w.TrustedRoot())
	require.NoError(t, err)
	_, err = trusted.TimestampingAuthorities()[0].Verify(stamp.SignedRFC3161Timestamp, message)
	require.NoError(t, err)
}

func TestLayoutOfReferrers(t *testing.T) {
	w := world.New(t.Name())
	index, digest, dir := onDisk(t, w, world.Referrers)
	found := manifests(t, index)
	require.Len(t, found, 3)
	for _, predicate := range []string{"https://sigstore.dev/cosign/sign/v1", "https://slsa.dev/provenance/v1"} {
		m, err := found[predicate].Manifest()
		require.NoError(t, err)
		require.Equal(t, digest, m.Subject.Digest.String())
		bundle, _ := onlyLayer(t, found[predicate])
		demand := logged()
		demand.Timestamps = 1
		accepted(t, w, bundle, blob(t, dir, digest), demand)
	}
}

// TestLayoutOfLooseReferrers counts the manifests among the blobs, where alone
// they are found.
func TestLayoutOfLooseReferrers(t *testing.T) {
	index, digest, dir := onDisk(t, world.New(t.Name()), world.LooseReferrers)
	require.Len(t, manifests(t, index), 1)
	entries, err := os.ReadDir(filepath.Join(dir, "blobs", "sha256"))
	require.NoError(t, err)
	referrers := 0
	for _, e := range entries {
		content := blob(t, dir, "sha256:"+e.Name())
		if sum := sha256.Sum256(content); assert.Equal(t, e.Name(), hex.EncodeToString(sum[:])) &&
			strings.Contains(string(content), `"subject":{"digest":"`+digest) {
			referrers++
		}
	}
	assert.Equal(t, 2, referrers)
}

func blob(t *testing.T, dir, digest string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:")))
	require.NoError(t, err)
	return content
}
