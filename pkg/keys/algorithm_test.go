package keys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
)

func TestGenerate(t *testing.T) {
	require.Equal(t, keys.ECDSAP256, keys.Algorithms()[0], "the default stands first")
	for _, a := range keys.Algorithms() {
		t.Run(string(a), func(t *testing.T) {
			key, err := keys.Generate(a)
			require.NoError(t, err)
			got, err := keys.AlgorithmOf(key.Public())
			require.NoError(t, err)
			assert.Equal(t, a, got)
			signer, err := dsse.NewSigner(key)
			require.NoError(t, err)
			assert.NoError(t, keys.SelfTest(t.Context(), signer))
		})
	}
}

func TestGenerateUnknown(t *testing.T) {
	_, err := keys.Generate("rsa-1024")
	require.Error(t, err)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err))
	assert.Contains(t, fault.HintOf(err), "ecdsa-p256, ecdsa-p384, ed25519, rsa-3072, rsa-4096, ml-dsa-65, sm2")
}

func TestAlgorithmOfUnsupported(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	_, err = keys.AlgorithmOf(key.Public())
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
	_, err = keys.AlgorithmOf("not a key")
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
}
