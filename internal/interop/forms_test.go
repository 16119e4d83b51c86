//go:build interop

package interop

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/require"
)

// TestCosignOldForms verifies what cosign wrote before there were Sigstore bundles.
// Version 3 writes none of it any more.
func TestCosignOldForms(t *testing.T) {
	c := cosign{"cosign-v2"}
	for name, makeKey := range cosignKeys() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := prepare(t)
			makeKey(t, c, dir)
			offline := []string{"--yes", "--key", "cosign.key", "--tlog-upload=false"}
			c.must(t, dir, append(append([]string{"sign-blob"}, offline...), "--output-signature", "blob.sig", "--bundle", "blob.bundle", "artifact")...)
			c.must(t, dir, append(append([]string{"sign-blob"}, offline...), "--b64=false", "--output-signature", "raw.sig", "artifact")...)
			c.must(t, dir, append(append([]string{"attest-blob"}, offline...), "--predicate", "sbom.json", "--type", "cyclonedx",
				"--output-signature", "att.dsse.json", "--bundle", "att.bundle", "artifact")...)
			shapes := map[string]string{
				"blob.sig": "detached signature", "blob.bundle": "cosign bundle",
				"att.bundle": "cosign bundle with an envelope", "att.dsse.json": "DSSE envelope",
			}
			if name != "rsa-3072" { // nothing tells a raw RSA signature from other bytes
				shapes["raw.sig"] = "detached signature"
			}
			for file, shape := range shapes {
				r := stella(t, dir, "verify", file, "--key", "cosign.pub", "--subject", "artifact")
				require.Contains(t, r.stdout, file+"  "+shape)
				r = run(t, dir, program(t, "bin", "stella"), "verify", file, "--key", "cosign.pub", "--subject", "other")
				require.Equal(t, 3, r.status, "%s%s", r.stdout, r.stderr)
			}
		})
	}
}

// pushed puts an image of one file into a registry on loopback and returns its name
// by digest.
func pushed(t *testing.T) (image, digest string) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	put := func(path, kind string, data []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/v2/app/"+path, bytes.NewReader(data))
		require.NoError(t, err)
		request.Header.Set("Content-Type", kind)
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusCreated, answer.StatusCode)
	}
	descriptor := func(kind string, data []byte) string {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
		put("blobs/uploads/1?digest="+digest, "application/octet-stream", data)
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, kind, digest, len(data))
	}
	const kind = "application/vnd.oci.image.manifest.v1+json"
	manifest := []byte(fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]}`, kind,
		descriptor("application/vnd.oci.image.config.v1+json", []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`)),
		descriptor("application/vnd.oci.image.layer.v1.tar", make([]byte, 1024))))
	put("manifests/latest", kind, manifest)
	return strings.TrimPrefix(server.URL, "http://") + "/app", fmt.Sprintf("sha256:%x", sha256.Sum256(manifest))
}

// TestCosignSave signs an image in a registry, has cosign save it to a disk, and
// verifies there what was attached to it.
func TestCosignSave(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := prepare(t)
		c.newKey(t, dir)
		image, digest := pushed(t)
		must := func(args ...string) { // with the network, which is loopback's
			t.Helper()
			r := runBare(t, dir, program(t, ".cache", "oracles", c.name), args...)
			require.Zero(t, r.status, "%s%s", r.stdout, r.stderr)
		}
		offline := []string{"--yes", "--key", "cosign.key", "--tlog-upload=false"}
		if !c.isV2() {
			offline = append(offline, "--use-signing-config=false")
		}
		must(append(append([]string{"sign"}, offline...), image+"@"+digest)...)
		must(append(append([]string{"attest"}, offline...), "--predicate", "predicate.json", "--type", custom, image+"@"+digest)...)
		must("save", "--dir", "saved", image+":latest")

		r := stella(t, dir, "verify", "saved", "--key", "cosign.pub", "--subject", digest)
		require.Contains(t, r.stdout, "2 signed documents")
		stellaFails(t, dir, 4, "signature.missing", "verify", "saved", "--key", "cosign.pub", "--subject", "artifact")
		stellaKey(t, dir, "other.key", "ecdsa-p256")
		r = run(t, dir, program(t, "bin", "stella"), "verify", "saved", "--key", "other.key.pub", "--subject", digest)
		require.Equal(t, 3, r.status, "%s%s", r.stdout, r.stderr)
	})
}
