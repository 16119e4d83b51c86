package cli

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPromoteFromRegistry promotes what a registry on loopback has under a tag: the tag
// alone is refused, and with the network allowed the registry says which image it is.
func TestPromoteFromRegistry(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/team/app"
	index, err := random.Index(64, 1, 2)
	require.NoError(t, err)
	ref, err := name.ParseReference(repository + ":1.0")
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(ref, index))
	digest, err := index.Digest()
	require.NoError(t, err)
	listed, err := index.IndexManifest()
	require.NoError(t, err)
	platform := listed.Manifests[0].Digest.String()

	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	run := func(want int, args ...string) string {
		t.Helper()
		status, stdout, stderr := stellaIn(t, dir, args...)
		require.Equal(t, want, status, "%s%s", stdout, stderr)
		return stdout + stderr
	}
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	sbom := `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]`
	write("sbom.json", sbom+"}")
	write("platform.json", sbom+`,"metadata":{"component":{"type":"container","name":"app","version":"`+platform+`"}}}`)
	run(0, "keys", "generate", "--no-passphrase", "-o", "key", "--name", "key", "--holder", "release")
	run(0, "keys", "export", "--public", "keyring:key", "--as", "keys.json", "--type", "*", "-o", "trust.json")
	run(0, "sign", "sbom", "sbom.json", "--subject", repository+"@"+digest.String(), "--key", "key", "-o", "sbom.sigstore.json")
	run(0, "sign", "sbom", "platform.json", "--subject", repository+"@"+digest.String(), "--key", "key", "-o", "platform.sigstore.json")
	run(0, "sign", "sbom", "platform.json", "--subject", repository+"@"+digest.String(), "--subject-from-document", "--key", "key", "-o", "both.sigstore.json")
	attest := func(want int, image, sbom, out string, more ...string) string {
		t.Helper()
		return run(want, append([]string{
			"promotion", "attest", "--image", image, "--sbom", sbom, "--trust", "trust.json",
			"--from", "dev", "--to", "prod", "--actor", "release", "--key", "key", "-o", out,
		}, more...)...)
	}

	said := attest(2, repository+":1.0", "sbom.sigstore.json", "no.json")
	assert.Contains(t, said, "have the registry say which image that is now: --online")
	said = attest(0, repository+":1.0", "sbom.sigstore.json", "tag.sigstore.json", "--online")
	assert.Contains(t, said, "image from the registry: "+repository+":1.0 is "+digest.String())
	run(0, "promotion", "verify", "tag.sigstore.json", "sbom.sigstore.json", "--trust", "trust.json", "--image", repository+"@"+digest.String())
	attest(0, repository+"@"+digest.String(), "sbom.sigstore.json", "digest.sigstore.json", "--online")
	attest(0, repository+"@"+digest.String(), "both.sigstore.json", "both.promotion.json", "--online")

	said = attest(3, repository+":1.0", "platform.sigstore.json", "no.json", "--online")
	assert.Contains(t, said, "describes one platform of it, "+platform)
	attest(4, repository+":2.0", "sbom.sigstore.json", "no.json", "--online")
	attest(4, repository+"@sha256:"+strings.Repeat("1", 64), "sbom.sigstore.json", "no.json", "--online")
	attest(2, "app", "sbom.sigstore.json", "no.json", "--online")
	attest(2, repository+":1.0", "sbom.sigstore.json", "no.json", "--plain-http-unsafe")
	attest(5, repository+":1.0", "sbom.sigstore.json", "no.json", "--online", "--offline")
	server.Close()
	attest(10, repository+":1.0", "sbom.sigstore.json", "no.json", "--online")
	assert.NoFileExists(t, filepath.Join(dir, "no.json"))
}
