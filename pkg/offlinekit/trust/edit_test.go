package trust_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
)

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// edit changes a JSON object.
func edit(t *testing.T, raw []byte, change func(map[string]any)) []byte {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m))
	change(m)
	out, err := json.Marshal(m)
	require.NoError(t, err)
	return out
}

func keysJSON(list ...keys.TrustedKey) ([]byte, error) { return keys.MarshalKeysJSON(list...) }

func newHolderKeys(t *testing.T, name string) []keys.TrustedKey {
	t.Helper()
	return []keys.TrustedKey{newHolder(t, name).trusted}
}

// foreignKeys are keys that no TUF client knows how to verify as stella signs.
func foreignKeys(t *testing.T) map[string]keys.TrustedKey {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	mldsaKey, err := keys.Generate(keys.MLDSA65)
	require.NoError(t, err)
	sshKey := newHolder(t, "sk").trusted
	sshKey.Scheme = keys.SchemeSSHSig
	return map[string]keys.TrustedKey{
		"RSA": {Public: rsaKey.Public()}, "ML-DSA": {Public: mldsaKey.Public()}, "OpenSSH on a token": sshKey,
	}
}

// canonicalOf is the form that TUF signs.
func canonicalOf(t *testing.T, raw []byte) []byte {
	t.Helper()
	out, err := cjson.EncodeCanonical(jsontext.Value(raw))
	require.NoError(t, err)
	return out
}

// tufID is the id that the publisher gives a key.
func (h holder) tufID(t *testing.T) string {
	t.Helper()
	key, err := trust.NewKey(&h.trusted)
	require.NoError(t, err)
	canonical, err := cjson.EncodeCanonical(key)
	require.NoError(t, err)
	return digestOf(canonical)
}
