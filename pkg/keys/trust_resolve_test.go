package keys_test

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys"
	"github.com/stellaops/stella/pkg/keys/gost"
)

// gostPEM is a public key made by openssl with the gost engine.
const gostPEM = `-----BEGIN PUBLIC KEY-----
MGYwHwYIKoUDBwEBAQEwEwYHKoUDAgIjAQYIKoUDBwEBAgIDQwAEQHMEtSBR5gTj
YIv5rHTLBB4l0LbmufkTmHYjwsyUjgWid4GCuhL/lsAtn4prKBKAeETn5ZXQ5wES
gN4YUIzoZUk=
-----END PUBLIC KEY-----
`

func TestParseGOST(t *testing.T) {
	list, err := keys.ParsePublic([]byte(gostPEM))
	require.NoError(t, err)
	require.Len(t, list, 1)
	a, err := keys.AlgorithmOf(list[0].Key)
	require.NoError(t, err)
	assert.Equal(t, keys.GOST256, a)
	text, err := keys.MarshalPublic(list[0].Key)
	require.NoError(t, err)
	assert.Equal(t, gostPEM, string(text))
	_, err = keys.Generate(keys.GOST256)
	assert.Equal(t, fault.UsageInvalid, fault.ReasonOf(err), "its private keys live behind a plugin")

	parsed, err := keys.ParseKeysJSON([]byte(document(entry(gostPEM, "gost2012-256", `"name":"k"`))), "keys.json")
	require.NoError(t, err)
	assert.Equal(t, keys.SchemeGOST256, parsed[0].Scheme)
	_, err = keys.ParseKeysJSON([]byte(document(entry(gostPEM, "gost2012-512", `"name":"k"`))), "keys.json")
	assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err))
}

// TestResolve is about keys that need a plugin to verify.
func TestResolve(t *testing.T) {
	list, err := keys.ParsePublic([]byte(gostPEM))
	require.NoError(t, err)
	trust, err := keys.NewTrust(keys.TrustedKey{Name: "k", Public: list[0].Key})
	require.NoError(t, err)
	m, sig := dsse.NewMessage("t", dsse.Bytes("m")), dsse.Signature{Sig: make([]byte, 64)}
	cannot := func(why string) {
		t.Helper()
		_, err := trust.Keys()[0].Verifier()
		assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "%v", err)
		assert.ErrorContains(t, err, why)
	}
	cannot("none was given")

	resolve := func(f func(k *gost.PublicKey) crypto.PublicKey) {
		trust.Resolve(func(pub crypto.PublicKey) crypto.PublicKey { return f(pub.(*gost.PublicKey)) })
	}
	resolve(func(k *gost.PublicKey) crypto.PublicKey { return k.Unverifiable(errors.New("not today")) })
	cannot("not today")

	other, err := keys.Generate(keys.Ed25519)
	require.NoError(t, err)
	resolve(func(*gost.PublicKey) crypto.PublicKey { return other.Public() })
	cannot("not today") // another key is not taken

	verdict := error(nil)
	resolve(func(k *gost.PublicKey) crypto.PublicKey {
		return k.VerifiedBy(func([]byte, []byte, []byte) error { return verdict })
	})
	verifier, err := trust.Keys()[0].Verifier()
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(m, sig))
	verdict = fault.New(fault.PluginFailed, "gone")
	assert.Equal(t, fault.PluginFailed, fault.ReasonOf(verifier.Verify(m, sig)), "a plugin that fails is no verdict")
	verdict = errors.New("no")
	assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(verifier.Verify(m, sig)))
}

func TestGOSTMalformed(t *testing.T) {
	_, err := keys.ParsePublic([]byte(strings.Replace(gostPEM, "MGYwHwYIKoUDBwEBAQEw", "MGYwHwYIKoUDBwEBAQIw", 1)))
	assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%v", err)
}
