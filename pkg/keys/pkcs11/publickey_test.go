package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func wrapped(t *testing.T, point []byte) []byte {
	t.Helper()
	der, err := asn1.Marshal(point)
	require.NoError(t, err)
	return der
}

func TestParsePublic(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	point, err := ec.PublicKey.Bytes()
	require.NoError(t, err)
	ed, edPrivate, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	bits, err := asn1.Marshal(asn1.BitString{Bytes: ed, BitLength: 256})
	require.NoError(t, err)
	info, err := x509.MarshalPKIXPublicKey(ed)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1<<31, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, ed, edPrivate)
	require.NoError(t, err)
	rsaKey := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(5), 2045), E: 65537}
	for _, row := range []struct {
		name string
		in   publicValues
		want crypto.PublicKey
	}{
		{"point as the standard has it", publicValues{params: []byte(p256OID), point: wrapped(t, point)}, &ec.PublicKey},
		{"bare point", publicValues{params: []byte(p256OID), point: point}, &ec.PublicKey},
		{"Edwards point", publicValues{params: []byte(ed25519Name), point: wrapped(t, ed)}, ed},
		{"Edwards point by OID, bare", publicValues{params: []byte(ed25519OID), point: ed}, ed},
		{"Edwards point as bits", publicValues{params: []byte(ed25519OID), point: bits}, ed},
		{"RSA", publicValues{modulus: rsaKey.N.Bytes(), exponent: []byte{1, 0, 1}}, rsaKey},
		{"info", publicValues{info: info}, ed},
		{"certificate", publicValues{certificate: certificate}, ed},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.in.parse()
			require.NoError(t, err)
			assert.Equal(t, row.want, got)
		})
	}
}

func TestParsePublicRefuses(t *testing.T) {
	for _, row := range []struct {
		name, message string
		in            publicValues
	}{
		{"nothing", "no public key", publicValues{}},
		{"unknown curve", "not supported", publicValues{params: []byte("\x06\x05\x2b\x81\x04\x00\x0a"), point: make([]byte, 65)}},
		{"point off the curve", "point is malformed", publicValues{params: []byte(p256OID), point: append([]byte{4}, make([]byte, 64)...)}},
		{"point of another length", "point is malformed", publicValues{params: []byte(p256OID), point: make([]byte, 3)}},
		{"short Edwards point", "point is malformed", publicValues{params: []byte(ed25519OID), point: make([]byte, 31)}},
		{"even exponent", "out of bounds", publicValues{modulus: []byte{5}, exponent: []byte{4}}},
		{"no exponent", "out of bounds", publicValues{modulus: []byte{5}}},
		{"huge exponent", "out of bounds", publicValues{modulus: []byte{5}, exponent: make([]byte, 1000, 1001)[:1000]}},
		{"huge modulus", "out of bounds", publicValues{modulus: make([]byte, 1<<20), exponent: []byte{3}}},
		{"info", "malformed", publicValues{info: []byte{0x30}}},
		{"certificate", "certificate is malformed", publicValues{certificate: []byte{0x30}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := row.in.parse()
			assert.ErrorContains(t, err, row.message)
		})
	}
}

// FuzzParsePublic gives a hostile token every attribute at once and one by one.
func FuzzParsePublic(f *testing.F) {
	f.Add([]byte(p256OID), make([]byte, 67))
	f.Add([]byte(ed25519Name), []byte("\x04\x20aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
	f.Add([]byte{1, 0, 1}, make([]byte, 256))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		for _, v := range []publicValues{{params: a, point: b}, {exponent: a, modulus: b}, {info: a}, {certificate: a}} {
			public, err := v.parse()
			require.Equal(t, err == nil, public != nil)
			if err == nil {
				_, _ = x509.MarshalPKIXPublicKey(public)
			}
		}
	})
}
