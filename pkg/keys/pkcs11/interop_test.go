//go:build pkcs11 && cgo && !windows

package pkcs11_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

// interop is how others make and check signatures of an algorithm.
type interop struct {
	algorithm keys.Algorithm
	hash      crypto.Hash
	tool      []string // mechanism of pkcs11-tool
	openssl   []string // arguments of "openssl pkeyutl"
	verifies  bool     // pkcs11-tool of Debian 12 verifies with such a key
}

func interops() []interop {
	ecdsa := []string{"--mechanism", "ECDSA", "--signature-format", "openssl"}
	return []interop{
		{keys.ECDSAP256, crypto.SHA256, ecdsa, []string{"-pkeyopt", "digest:sha256"}, true},
		{keys.ECDSAP384, crypto.SHA384, ecdsa, []string{"-pkeyopt", "digest:sha384"}, true},
		{keys.RSA3072, crypto.SHA256, []string{"--mechanism", "SHA256-RSA-PKCS"}, []string{"-pkeyopt", "digest:sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"}, true},
		{keys.Ed25519, 0, []string{"--mechanism", "EDDSA"}, []string{"-rawin"}, false},
	}
}

// digest returns what a primitive without a hash function gets.
func (i interop) digest(message []byte) []byte {
	switch i.hash {
	case crypto.SHA256:
		sum := sha256.Sum256(message)
		return sum[:]
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return sum[:]
	}
	return message
}

// write writes a file of a test.
func (h *hsm) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(h.dir, name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// TestInterop signs with the driver and verifies with OpenSSL and pkcs11-tool,
// then the other way round.
func TestInterop(t *testing.T) {
	h := newHSM(t, "stella")
	d := h.driver(answers(pin))
	for i, row := range interops() {
		t.Run(string(row.algorithm), func(t *testing.T) {
			key := h.put(t, "stella", string(row.algorithm), byte(i+1), row.algorithm)
			id := []string{"01", "02", "03", "04"}[i]
			public, err := keys.MarshalPublic(key.Public())
			require.NoError(t, err)
			publicFile := h.write(t, "public.pem", public)
			blob := []byte("signed by one, verified by another")
			message := dsse.NewBlob(dsse.Bytes(blob))
			signed := h.write(t, "message", blob)
			if row.hash != 0 {
				signed = h.write(t, "digest", row.digest(blob))
			}
			signer, err := d.Open(t.Context(), ref(t, "pkcs11:token=stella;id=%"+id))
			require.NoError(t, err)
			signature, err := signer.Sign(t.Context(), message)
			require.NoError(t, err)
			require.NoError(t, keys.Close(signer))
			file := h.write(t, "signature", signature.Sig)

			t.Run("OpenSSL verifies", func(t *testing.T) {
				said := testkit.Tool(t, h.dir, "openssl", append([]string{"pkeyutl", "-verify", "-pubin", "-inkey", publicFile, "-in", signed, "-sigfile", file}, row.openssl...)...)
				assert.Contains(t, string(said), "Verified Successfully")
			})
			if row.verifies {
				t.Run("pkcs11-tool verifies", func(t *testing.T) {
					said := h.tool(t, "stella", append([]string{"--verify", "--id", id, "--input-file", row.toolInput(h, signed), "--signature-file", file}, row.tool...)...)
					assert.Contains(t, string(said), "Signature is valid")
				})
			}
			t.Run("pkcs11-tool signs", func(t *testing.T) {
				theirs := filepath.Join(h.dir, "theirs")
				h.tool(t, "stella", append([]string{"--sign", "--id", id, "--input-file", row.toolInput(h, signed), "--output-file", theirs}, row.tool...)...)
				content, err := os.ReadFile(theirs)
				require.NoError(t, err)
				v, err := dsse.NewVerifier(key.Public())
				require.NoError(t, err)
				require.NoError(t, v.Verify(message, dsse.Signature{Sig: content}))
				require.Error(t, v.Verify(message, dsse.Signature{Sig: bytes.Replace(content, content[len(content)-4:], []byte("fake"), 1)}))
			})
		})
	}
}

// toolInput is the message for mechanisms of pkcs11-tool that hash it.
func (i interop) toolInput(h *hsm, digest string) string {
	if i.algorithm == keys.RSA3072 {
		return filepath.Join(h.dir, "message")
	}
	return digest
}
