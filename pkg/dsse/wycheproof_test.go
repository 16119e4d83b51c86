package dsse

import (
	"crypto"
	"crypto/mldsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// wycheproofFile is what the test files of C2SP/wycheproof have in common.
type wycheproofFile struct {
	NumberOfTests int `json:"numberOfTests"`
	TestGroups    []struct {
		PublicKey    any    `json:"publicKey"` // an object, or for ML-DSA hex
		PublicKeyDER string `json:"publicKeyDer"`
		Tests        []struct {
			ID      int    `json:"tcId"`
			Comment string `json:"comment"`
			Message string `json:"msg"`
			Sig     string `json:"sig"`
			Context string `json:"ctx"`
			Result  string `json:"result"`
		} `json:"tests"`
	} `json:"testGroups"`
}

// TestWycheproof verifies raw messages with the primitive behind keyVerifier,
// and demands the verdict of each vector.
func TestWycheproof(t *testing.T) {
	for _, row := range []struct {
		file  string
		tests int // committed: a file that shrinks is noticed
	}{
		{"ecdsa_secp256r1_sha256_test.json", 484},
		{"ecdsa_secp384r1_sha384_test.json", 504},
		{"ed25519_test.json", 151},
		{"mldsa_65_verify_test.json", 210},
		{"rsa_signature_3072_sha256_test.json", 259},
	} {
		t.Run(row.file, func(t *testing.T) {
			b, err := os.ReadFile(testkit.SharedData(t, "wycheproof/"+row.file))
			require.NoError(t, err)
			var f wycheproofFile
			require.NoError(t, json.Unmarshal(b, &f))
			ran := 0
			for _, g := range f.TestGroups {
				pub := wycheproofKey(t, g.PublicKey, g.PublicKeyDER)
				for _, v := range g.Tests {
					ran++
					// "acceptable" is an RSA signature whose digest
					// identifier lacks its parameters. RFC 8017, appendix
					// A.2.4, wants them, and so do we. A context is never
					// used, so a signature with one is another scheme's.
					want := v.Result == "valid" && v.Context == ""
					got := pub != nil && verifyRaw(t, pub, unhex(t, v.Message), unhex(t, v.Sig))
					assert.Equal(t, want, got, "test %d: %s (%s)", v.ID, v.Comment, v.Result)
				}
			}
			assert.Equal(t, row.tests, ran)
			assert.Equal(t, row.tests, f.NumberOfTests)
		})
	}
}

// wycheproofKey returns the key of a group, or nil if it is malformed, which
// some groups are on purpose.
func wycheproofKey(t *testing.T, raw any, der string) crypto.PublicKey {
	t.Helper()
	if text, ok := raw.(string); ok {
		pub, err := mldsa.NewPublicKey(mldsa.MLDSA65(), unhex(t, text))
		if err != nil {
			return nil
		}
		return pub
	}
	pub, err := x509.ParsePKIXPublicKey(unhex(t, der))
	require.NoError(t, err)
	return pub
}

// verifyRaw verifies a signature over message itself, not over a PAE.
func verifyRaw(t *testing.T, pub crypto.PublicKey, message, sig []byte) bool {
	t.Helper()
	v, err := NewVerifier(pub)
	require.NoError(t, err)
	kv, ok := v.(*keyVerifier)
	require.True(t, ok)
	return kv.verify(rawInput(message, kv.scheme), sig)
}

// rawInput is signingInput without the PAE.
func rawInput(message []byte, s Scheme) []byte {
	if s.Hash == 0 {
		return message
	}
	h := s.Hash.New()
	h.Write(message)
	return h.Sum(nil)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}
