package keys

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// TestPSSWycheproof verifies raw messages with the primitive behind the
// verifier of rsa-pss-sha256.
func TestPSSWycheproof(t *testing.T) {
	b, err := os.ReadFile(testkit.SharedData(t, "wycheproof/rsa_pss_3072_sha256_mgf1_32_test.json"))
	require.NoError(t, err)
	var f struct {
		TestGroups []struct {
			PublicKeyDER string `json:"publicKeyDer"`
			Tests        []struct {
				ID                        int `json:"tcId"`
				Comment, Msg, Sig, Result string
			} `json:"tests"`
		} `json:"testGroups"`
	}
	require.NoError(t, json.Unmarshal(b, &f, json.MatchCaseInsensitiveNames(true)))
	ran := 0
	for _, g := range f.TestGroups {
		der, err := hex.DecodeString(g.PublicKeyDER)
		require.NoError(t, err)
		pub, err := x509.ParsePKIXPublicKey(der)
		require.NoError(t, err)
		for _, v := range g.Tests {
			ran++
			message, err := hex.DecodeString(v.Msg)
			require.NoError(t, err)
			sig, err := hex.DecodeString(v.Sig)
			require.NoError(t, err)
			digest := sha256.Sum256(message)
			err = pssVerifier{pub.(*rsa.PublicKey)}.verify(digest[:], sig)
			assert.Equal(t, v.Result == "valid", err == nil, "test %d: %s", v.ID, v.Comment)
		}
	}
	assert.Equal(t, 108, ran)
}
