package oci_test

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/oci"
)

func blobOf(descriptor object) string {
	return "blobs/sha256/" + strings.TrimPrefix(descriptor["digest"].(string), "sha256:")
}

// TestCovers tells what a layout answers for itself from what is a file like any other.
func TestCovers(t *testing.T) {
	l := attached()
	judged := l.blob(typeEnvelope, []byte(envelope))
	stray := l.blob(typeEnvelope, []byte(`{"payload":"","payloadType":"stray","signatures":[]}`))
	packed := l.blob("application/vnd.oci.image.layer.v1.tar+gzip", []byte("\x1f\x8b\x08"))
	mistyped := l.blob("application/octet-stream", []byte(" \n"+envelope))
	config := l.blob("application/vnd.oci.image.config.v1+json", []byte(`{"architecture":"none"}`))
	jws := l.blob("application/jose+json", []byte(`{"payload":"e30","protected":"e30","signature":"AAAA"}`))
	elsewhere := l.blob(typeEnvelope, []byte(`{"payload":"","payloadType":"elsewhere","signatures":[]}`))
	manifest := l.manifest(object{"config": config}, packed, mistyped, jws)
	l.list(manifest, nil)
	l.list(l.manifest(nil, elsewhere), tag(other, "att"))
	unlisted := l.manifest(object{"x": 1}, packed)

	open, err := oci.Open(l.write(t))
	require.NoError(t, err)
	defer open.Close()
	found, err := open.Evidence(image)
	require.NoError(t, err)
	require.Len(t, found.Ignored, 2)
	assert.Contains(t, found.Ignored[0].Reason, "application/jose+json")
	assert.Contains(t, found.Ignored[1].Reason, "attached to "+other)
	for name, want := range map[string]bool{
		"oci-layout": true, "index.json": true, "deep/index.json": false, "readme": false,
		"blobs/sha256/x.sigstore.json": false, path.Join("blobs/sha512", strings.Repeat("a", 128)): false,
		blobOf(judged): true, blobOf(elsewhere): true, blobOf(manifest): true, blobOf(config): true, blobOf(packed): true, blobOf(jws): true,
		blobOf(stray): false, blobOf(mistyped): false, blobOf(unlisted): false,
	} {
		assert.Equal(t, want, open.Covers(name), name)
	}
}

// TestBrokenLayoutCoversItsParts: it is a failure as a whole.
func TestBrokenLayoutCoversItsParts(t *testing.T) {
	l := attached()
	l.put("index.json", []byte("{"))
	open, err := oci.Open(l.write(t))
	require.NoError(t, err)
	defer open.Close()
	_, err = open.Evidence()
	require.Error(t, err)
	assert.True(t, open.Covers("blobs/sha256/"+strings.Repeat("a", 64)))
	assert.False(t, open.Covers("readme"))
}
