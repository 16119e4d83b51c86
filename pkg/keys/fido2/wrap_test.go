package fido2

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// TestVector opens the example of the format's page with the secret that stands
// there: whoever changes the format breaks it.
func TestVector(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "fido2-key.md"))
	require.NoError(t, err)
	text := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)[1]
	f, err := ParseKeyFile(text)
	require.NoError(t, err)
	secret := bytes.Repeat([]byte{1}, 32)
	key, err := f.open(secret)
	require.NoError(t, err)
	public, err := keys.MarshalPublic(key.Public())
	require.NoError(t, err)
	assert.Equal(t, f.PublicKey, string(public))
	secret[0]++
	_, err = f.open(secret)
	assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err))
}

// TestHalvesOfTwoKeys: a file whose maker mixed up two keys is not used.
func TestHalvesOfTwoKeys(t *testing.T) {
	one, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	two, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	text, err := keys.MarshalPublic(two.Public())
	require.NoError(t, err)
	f := &KeyFile{
		Format: KeyFileFormat, Mode: ModeWrapped, RPID: defaultRPID, CredentialID: []byte{1}, UserVerification: verificationRequired,
		Algorithm: keys.Ed25519, PublicKey: string(text), Wrapped: newWrapped(),
	}
	secret := make([]byte, 32)
	require.NoError(t, f.seal(secret, one))
	_, err = f.open(secret)
	assert.Equal(t, fault.KeySelfTest, fault.ReasonOf(err))
}

func TestWipe(t *testing.T) {
	for _, a := range []keys.Algorithm{keys.Ed25519, keys.ECDSAP256} {
		key, err := keys.Generate(a)
		require.NoError(t, err)
		pub := publicCopy(key)
		before, err := keys.MarshalPublic(pub)
		require.NoError(t, err)
		wipe(key)
		after, err := keys.MarshalPublic(pub)
		require.NoError(t, err)
		assert.Equal(t, before, after)
		if k, ok := key.(ed25519.PrivateKey); ok {
			assert.Equal(t, make(ed25519.PrivateKey, 64), k)
		}
	}
}
