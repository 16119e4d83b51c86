//go:build interop

package interop

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// A signing is one way to sign with stella and to verify in cosign.
type signing struct {
	sign   []string // arguments of stella, without --key and -o
	kind   string   // predicate type in cosign's words; empty for a blob
	object string   // the file that cosign compares with
}

// signings are the signing verbs, on files that prepare writes.
func signings() map[string]signing {
	return map[string]signing{
		"sbom":           {[]string{"sign", "sbom", "sbom.json"}, "cyclonedx", "sbom.json"},
		"sbom preserved": {[]string{"sign", "sbom", "sbom.json", "--preserve"}, "cyclonedx", "sbom.json"},
		"sbom of an artifact": {
			[]string{"sign", "sbom", "sbom.json", "--subject", "artifact"}, "cyclonedx", "artifact",
		},
		"spdx": {[]string{"sign", "sbom", "sbom.spdx.json"}, "spdxjson", "sbom.spdx.json"},
		"statement": {
			[]string{"sign", "statement", "predicate.json", "--type", custom, "--subject", "artifact"}, custom, "artifact",
		},
		"ready statement": {[]string{"sign", "statement", "statement.json"}, custom, "artifact"},
		"openvex": {
			[]string{"sign", "statement", "vex.json", "--type", openVEX, "--subject", "artifact"}, "openvex", "artifact",
		},
		"report": {
			[]string{
				"sign", "report", "scan.sarif.json", "--decision", "pass", "--view", "inventory",
				"--policy-digest", "sha256:" + strings.Repeat("0f", 32),
			}, reportType, "scan.sarif.json",
		},
		"blob": {[]string{"sign", "blob", "artifact"}, "", "artifact"},
	}
}

// prepare makes a directory with everything that signings name.
func prepare(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	artifact := []byte("an artifact\n")
	sboms := fromRoot(t, "testdata", "sbom")
	write(t, dir, "sbom.json", read(t, sboms, "stella.cdx.json"))
	write(t, dir, "sbom.spdx.json", read(t, sboms, "stella.spdx.json"))
	write(t, dir, "artifact", artifact)
	write(t, dir, "other", []byte("another artifact\n"))
	write(t, dir, "predicate.json", []byte(`{"a":1}`))
	write(t, dir, "statement.json", []byte(statement(artifact, custom, 1, "")))
	write(t, dir, "vex.json", []byte(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex/1",`+
		`"author":"A","timestamp":"2026-01-02T03:04:05Z","version":1,"statements":[]}`))
	write(t, dir, "scan.sarif.json", []byte(`{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0",`+
		`"runs":[{"tool":{"driver":{"name":"scanner","version":"1.0"}},"results":[]}]}`))
	return dir
}

// verify checks one signing's bundle with cosign.
func (s signing) verify(t *testing.T, c cosign, dir, object string) result {
	t.Helper()
	if s.kind == "" {
		return c.verifyBlob(t, dir, "key.pub", "out.sigstore.json", object)
	}
	return c.verifyAttestation(t, dir, "key.pub", "out.sigstore.json", s.kind, object)
}

// TestStellaToCosign signs with stella by every verb and verifies in cosign,
// which has to refuse the same bundle for another file.
func TestStellaToCosign(t *testing.T) {
	for _, algorithm := range []string{"ecdsa-p256", "rsa-3072", "ed25519"} {
		for name, s := range signings() {
			t.Run(algorithm+"/"+name, func(t *testing.T) {
				t.Parallel()
				eachCosign(t, func(t *testing.T, c cosign) {
					dir := prepare(t)
					stellaKey(t, dir, "key", algorithm)
					stella(t, dir, append(s.sign, "--key", "key", "-o", "out.sigstore.json")...)
					accepted(t, s.verify(t, c, dir, s.object))
					require.NotZero(t, s.verify(t, c, dir, "other").status, "cosign took the bundle for another file")
				})
			})
		}
	}
}

// TestCosignRefusesAlgorithms asserts what cosign cannot verify although the
// signature is right: OpenSSL verifies the same in TestOpenSSL. When it passes,
// cosign was mended and the contract can say so.
func TestCosignRefusesAlgorithms(t *testing.T) {
	for _, name := range []string{"sbom", "blob"} {
		t.Run("ecdsa-p384/"+name, func(t *testing.T) {
			t.Parallel()
			eachCosign(t, func(t *testing.T, c cosign) {
				s, dir := signings()[name], prepare(t)
				stellaKey(t, dir, "key", "ecdsa-p384")
				stella(t, dir, append(s.sign, "--key", "key", "-o", "out.sigstore.json")...)
				refused(t, s.verify(t, c, dir, s.object), "failed to verify signature")
			})
		})
	}
}

// TestRealSBOM signs a large SBOM of somebody else's.
func TestRealSBOM(t *testing.T) {
	document := testkit.SharedData(t, "sbom/cyclonedx/keycloak-10.0.2.cdx.json")
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := t.TempDir()
		stellaKey(t, dir, "key", "ecdsa-p256")
		stella(t, dir, "sign", "sbom", document, "--key", "key", "-o", "out.sigstore.json")
		stella(t, dir, "verify", "out.sigstore.json", "--key", "key.pub", "--subject", document)
		accepted(t, c.verifyAttestation(t, dir, "key.pub", "out.sigstore.json", "cyclonedx", document))
	})
}

// TestSubjectLimit signs as many subjects as cosign takes, and no more.
func TestSubjectLimit(t *testing.T) {
	sums := func(n int) []byte { // the document itself is one more subject
		var b strings.Builder
		for i := range n - 1 {
			fmt.Fprintf(&b, "%064x  file-%d\n", i, i)
		}
		return []byte(b.String())
	}
	t.Run("1024", func(t *testing.T) {
		eachCosign(t, func(t *testing.T, c cosign) {
			dir := prepare(t)
			stellaKey(t, dir, "key", "ecdsa-p256")
			write(t, dir, "SHA256SUMS", sums(1024))
			stella(t, dir, "sign", "sbom", "sbom.json", "--subjects-from", "SHA256SUMS", "--key", "key", "-o", "out.sigstore.json")
			accepted(t, c.verifyAttestation(t, dir, "key.pub", "out.sigstore.json", "cyclonedx", "sbom.json"))
		})
	})
	t.Run("1025", func(t *testing.T) {
		dir := prepare(t)
		stellaKey(t, dir, "key", "ecdsa-p256")
		write(t, dir, "SHA256SUMS", sums(1025))
		sign := []string{"sign", "sbom", "sbom.json", "--subjects-from", "SHA256SUMS", "--key", "key"}
		r := stellaFails(t, dir, 2, "subject.too_many", append(sign, "-o", "out.sigstore.json")...)
		require.Contains(t, r.stderr, "--envelope dsse")
		require.NoFileExists(t, dir+"/out.sigstore.json")
		stella(t, dir, append(sign, "--envelope", "dsse", "-o", "out.dsse.json")...)
		stella(t, dir, "verify", "out.dsse.json", "--key", "key.pub", "--subject", "sbom.json")
	})
}
