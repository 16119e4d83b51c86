package keys_test

import (
	"crypto"
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

func TestCertificateVerifier(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	v, err := keys.NewCertificateVerifier(private.Public())
	require.NoError(t, err)
	assert.Equal(t, private.Public(), v.Public())

	m := dsse.NewMessage("text/plain", dsse.Bytes("content"))
	sign := func(h crypto.Hash) []byte {
		digest, err := m.Digest(h)
		require.NoError(t, err)
		sig, err := private.Sign(nil, digest, h)
		require.NoError(t, err)
		return sig
	}
	good := sign(crypto.SHA512)
	require.NoError(t, v.Verify(m, dsse.Signature{Sig: good}))
	for name, sig := range map[string][]byte{
		"another hash": sign(crypto.SHA256), "a byte more": append(good[:len(good):len(good)], 0), "none": nil,
	} {
		assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(v.Verify(m, dsse.Signature{Sig: sig})), name)
	}
	other := dsse.NewMessage("text/plain", dsse.Bytes("another"))
	assert.Equal(t, fault.SignatureMismatch, fault.ReasonOf(v.Verify(other, dsse.Signature{Sig: good})))
	err = v.Verify(m, dsse.Signature{Sig: good, Extension: &dsse.Extension{}})
	assert.Equal(t, fault.SignatureScheme, fault.ReasonOf(err))

	_, err = keys.AlgorithmOf(private.Public())
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err), "it is no key of a trust's own")
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	_, err = keys.NewCertificateVerifier(p224.Public())
	assert.Equal(t, fault.KeyUnsupported, fault.ReasonOf(err))
}
