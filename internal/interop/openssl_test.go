//go:build interop

package interop

import (
	"encoding/json/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// openssl runs OpenSSL in dir and wants it to succeed.
func openssl(t *testing.T, dir string, args ...string) {
	t.Helper()
	r := run(t, dir, command(t, "openssl"), args...)
	require.Zero(t, r.status, "openssl %q\n%s%s", args, r.stdout, r.stderr)
}

// opensslVerify are the arguments that verify the signature "sig" by "key.pub"
// over the file "pae".
func opensslVerify(algorithm string) []string {
	switch algorithm {
	case "ecdsa-p256", "rsa-3072", "rsa-4096":
		return []string{"dgst", "-sha256", "-verify", "key.pub", "-signature", "sig", "pae"}
	case "ecdsa-p384":
		return []string{"dgst", "-sha384", "-verify", "key.pub", "-signature", "sig", "pae"}
	default: // schemes that sign the message itself
		return []string{"pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin", "-in", "pae", "-sigfile", "sig"}
	}
}

// TestOpenSSL verifies what stella signed over an encoding that this test makes
// from the envelope. OpenSSL before 3.5 does not know ML-DSA; the case is then
// left to the vectors of the unit tests.
func TestOpenSSL(t *testing.T) {
	algorithms := []string{"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072", "rsa-4096"}
	known := run(t, t.TempDir(), command(t, "openssl"), "list", "-signature-algorithms")
	if strings.Contains(strings.ToLower(known.stdout), "ml-dsa-65") {
		algorithms = append(algorithms, "ml-dsa-65")
	}
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			dir := prepare(t)
			stellaKey(t, dir, "key", algorithm)
			stella(t, dir, "sign", "sbom", "sbom.json", "--envelope", "dsse", "--key", "key", "-o", "out.dsse.json")
			var e envelope
			require.NoError(t, json.Unmarshal(read(t, dir, "out.dsse.json"), &e))
			require.Len(t, e.Signatures, 1)
			write(t, dir, "sig", e.Signatures[0].Sig)

			write(t, dir, "pae", pae(e.PayloadType, string(e.Payload)))
			openssl(t, dir, opensslVerify(algorithm)...)

			write(t, dir, "pae", pae(e.PayloadType, string(e.Payload)+" "))
			r := run(t, dir, command(t, "openssl"), opensslVerify(algorithm)...)
			require.NotZero(t, r.status, "OpenSSL verified another message")
		})
	}
}
