//go:build interop

package interop

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// cosignKeys are the ways to give cosign a private key.
func cosignKeys() map[string]func(t *testing.T, c cosign, dir string) {
	imported := func(genpkey ...string) func(*testing.T, cosign, string) {
		return func(t *testing.T, c cosign, dir string) {
			t.Helper()
			openssl(t, dir, append([]string{"genpkey", "-out", "private.pem"}, genpkey...)...)
			c.importKey(t, dir, "private.pem")
		}
	}
	return map[string]func(*testing.T, cosign, string){
		"its own":    func(t *testing.T, c cosign, dir string) { t.Helper(); c.newKey(t, dir) },
		"ecdsa-p384": imported("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
		"rsa-3072":   imported("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
	}
}

// TestCosignToStella signs with cosign and verifies in stella.
func TestCosignToStella(t *testing.T) {
	for name, makeKey := range cosignKeys() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("attestation", func(t *testing.T) {
				eachCosign(t, func(t *testing.T, c cosign) {
					dir := prepare(t)
					makeKey(t, c, dir)
					c.attest(t, dir, "sbom.json", "cyclonedx", "artifact", "att.sigstore.json")
					verify := []string{"verify", "att.sigstore.json", "--key", "cosign.pub"}
					stella(t, dir, append(verify, "--subject", "artifact", "--type", "cyclonedx")...)
					stellaFails(t, dir, 3, "subject.mismatch", append(verify, "--subject", "other")...)
					stellaFails(t, dir, 3, "predicate.type", append(verify, "--subject", "artifact", "--type", custom)...)
				})
			})
			t.Run("blob", func(t *testing.T) {
				eachCosign(t, func(t *testing.T, c cosign) {
					dir := prepare(t)
					makeKey(t, c, dir)
					c.signBlob(t, dir, "artifact", "blob.sigstore.json")
					verify := []string{"verify", "blob.sigstore.json", "--key", "cosign.pub"}
					stella(t, dir, append(verify, "--subject", "artifact")...)
					stellaFails(t, dir, 4, "subject.required", verify...)
					r := run(t, dir, program(t, "bin", "stella"), append(verify, "--subject", "other")...)
					require.Equal(t, 3, r.status, "%s%s", r.stdout, r.stderr)
				})
			})
		})
	}
}

// TestCosignEd25519 shows that cosign's own Ed25519 attestations are of the
// pre-hashed kind, which stella refuses by name.
func TestCosignEd25519(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := prepare(t)
		openssl(t, dir, "genpkey", "-algorithm", "ED25519", "-out", "private.pem")
		c.importKey(t, dir, "private.pem")
		c.attest(t, dir, "predicate.json", "custom", "artifact", "att.sigstore.json")
		stellaFails(t, dir, 3, "signature.scheme", "verify", "att.sigstore.json", "--key", "cosign.pub", "--subject", "artifact")
	})
}

// TestCosignKeyFile signs in stella with the private key file that cosign wrote.
func TestCosignKeyFile(t *testing.T) {
	eachCosign(t, func(t *testing.T, c cosign) {
		dir := prepare(t)
		c.newKey(t, dir)
		stella(t, dir, "sign", "sbom", "sbom.json", "--key", "cosign.key",
			"--passphrase-env", "COSIGN_PASSWORD", "-o", "out.sigstore.json")
		accepted(t, c.verifyAttestation(t, dir, "cosign.pub", "out.sigstore.json", "cyclonedx", "sbom.json"))
	})
}
