package gost_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/keys/gost"
)

// The keys were made by openssl with the gost engine.
const (
	key256 = `-----BEGIN PUBLIC KEY-----
MGYwHwYIKoUDBwEBAQEwEwYHKoUDAgIjAQYIKoUDBwEBAgIDQwAEQHMEtSBR5gTj
YIv5rHTLBB4l0LbmufkTmHYjwsyUjgWid4GCuhL/lsAtn4prKBKAeETn5ZXQ5wES
gN4YUIzoZUk=
-----END PUBLIC KEY-----
`
	key512 = `-----BEGIN PUBLIC KEY-----
MIGqMCEGCCqFAwcBAQECMBUGCSqFAwcBAgECAQYIKoUDBwEBAgMDgYQABIGAE8zi
rbTGc9C+gXW0FBMJ1uX2qM2abMuNtDO0OCZSMTaKguU4z/t9sEox5KH/2QZYeIIK
ASBx/xl+JM07e7G89NQBp6ZQjKjCOJXOE150c4kpP3vLumjNNtzcxWU0Stztb4LO
p6K33M9OU67yqQyJ93F54wp4SOAhEuQtM+GSDp8=
-----END PUBLIC KEY-----
`
)

func der(t testing.TB, text string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	return block.Bytes
}

func TestPublicKey(t *testing.T) {
	for name, text := range map[string]string{gost.Name256: key256, gost.Name512: key512} {
		t.Run(name, func(t *testing.T) {
			k, err := gost.ParsePublicKey(der(t, text))
			require.NoError(t, err)
			scheme, err := dsse.SchemeOf(k)
			require.NoError(t, err)
			assert.Equal(t, dsse.Scheme{Name: name}, scheme)
			back, err := dsse.MarshalPKIX(k)
			require.NoError(t, err)
			assert.Equal(t, der(t, text), back)
			again, err := gost.ParsePublicKey(back)
			require.NoError(t, err)
			assert.True(t, k.Equal(again))
			assert.True(t, k.Equal(k.Unverifiable(errors.New("x"))))
			other, err := gost.ParsePublicKey(der(t, map[string]string{key256: key512, key512: key256}[text]))
			require.NoError(t, err)
			assert.False(t, k.Equal(other))
			assert.False(t, k.Equal("x"))
		})
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	good := der(t, key256)
	for i := range good {
		_, err := gost.ParsePublicKey(good[:i])
		assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err), "%d bytes", i)
	}
	_, err := gost.ParsePublicKey(append(bytes.Clone(good), 0))
	assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err))
	// The digest of the other size.
	swapped := bytes.Replace(good, []byte{0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x02, 0x02}, []byte{0x2a, 0x85, 0x03, 0x07, 0x01, 0x01, 0x02, 0x03}, 1)
	require.NotEqual(t, good, swapped)
	_, err = gost.ParsePublicKey(swapped)
	assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err))
	// The point of a key of 256 bits under the algorithm of 512.
	longer := bytes.Replace(good, []byte{0x07, 0x01, 0x01, 0x01, 0x01}, []byte{0x07, 0x01, 0x01, 0x01, 0x02}, 1)
	_, err = gost.ParsePublicKey(longer)
	assert.Equal(t, fault.KeyMalformed, fault.ReasonOf(err))
}

func TestVerifyInput(t *testing.T) {
	k, err := gost.ParsePublicKey(der(t, key256))
	require.NoError(t, err)
	require.Error(t, k.Verifiable())
	sig := make([]byte, 64)
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(k.VerifyInput([]byte("m"), sig)), "without a plugin nothing is good")
	why := fault.New(fault.PluginForbidden, "no")
	assert.Equal(t, why, k.Unverifiable(why).VerifyInput(nil, sig))

	asked := 0
	good := k.VerifiedBy(func(spki, message, s []byte) error {
		asked++
		assert.Equal(t, der(t, key256), spki)
		assert.Equal(t, "m", string(message))
		return nil
	})
	require.NoError(t, good.Verifiable())
	require.NoError(t, good.VerifyInput([]byte("m"), sig))
	verifier, err := dsse.NewVerifier(good)
	require.NoError(t, err)
	for _, n := range []int{0, 63, 65, 128} {
		err := verifier.Verify(dsse.NewMessage("t", dsse.Bytes("m")), dsse.Signature{Sig: make([]byte, n)})
		assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(err), "%d bytes", n)
	}
	assert.Equal(t, 1, asked, "a signature of another length does not reach the plugin")
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(der(f, key256))
	f.Add(der(f, key512))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := gost.ParsePublicKey(b)
		if err != nil {
			if fault.ReasonOf(err) != fault.KeyMalformed {
				t.Fatal(err)
			}
			return
		}
		back, err := k.MarshalPKIX()
		if err != nil || !bytes.Equal(back, b) {
			t.Fatal("the key does not give back what it was read from")
		}
	})
}
