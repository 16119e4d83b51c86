package authenticator_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

type statement struct {
	Algorithm int      `cbor:"alg"`
	Signature []byte   `cbor:"sig"`
	Chain     [][]byte `cbor:"x5c"`
}

func TestTheChainLeadsToTheRoot(t *testing.T) {
	d := authenticator.Start(t)
	status, answer := open(t, d).command(authenticator.MakeCredential, creation())
	require.Equal(t, authenticator.OK, status)
	assert.Equal(t, "packed", content[string](t, answer[1]))
	s := content[statement](t, answer[3])
	require.Len(t, s.Chain, 2)
	leaf, err := x509.ParseCertificate(s.Chain[0])
	require.NoError(t, err)
	between := x509.NewCertPool()
	middle, err := x509.ParseCertificate(s.Chain[1])
	require.NoError(t, err)
	between.AddCert(middle)
	roots := x509.NewCertPool()
	roots.AddCert(d.AttestationRoot())
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	require.NoError(t, err)

	data := content[[]byte](t, answer[2])
	digest := sha256.Sum256(append(slices.Clone(data), make([]byte, 32)...))
	assert.True(t, ecdsa.VerifyASN1(leaf.PublicKey.(*ecdsa.PublicKey), digest[:], s.Signature))
	aaguid := d.AAGUID()
	assert.Equal(t, aaguid[:], data[37:53])
	assert.Equal(t, []string{"Authenticator Attestation"}, leaf.Subject.OrganizationalUnit)
	assert.False(t, leaf.IsCA)
	i := slices.IndexFunc(leaf.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.4.1.45724.1.1.4" })
	require.GreaterOrEqual(t, i, 0)
	var named []byte
	_, err = asn1.Unmarshal(leaf.Extensions[i].Value, &named)
	require.NoError(t, err)
	assert.Equal(t, aaguid[:], named)

	other := x509.NewCertPool()
	other.AddCert(authenticator.Start(t).AttestationRoot())
	_, err = leaf.Verify(x509.VerifyOptions{Roots: other, Intermediates: between})
	require.Error(t, err, "another device's root")
}

func TestOtherStatements(t *testing.T) {
	for name, tt := range map[string]struct {
		attestation authenticator.Attestation
		algorithm   authenticator.Algorithm
		format      string
		chain       int
	}{
		"self":       {authenticator.AttestSelf, authenticator.EdDSA, "packed", 0},
		"self ES384": {authenticator.AttestSelf, authenticator.ES384, "packed", 0},
		"none":       {authenticator.AttestNone, authenticator.ES256, "none", 0},
		"U2F":        {authenticator.AttestU2F, authenticator.ES256, "fido-u2f", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := authenticator.Start(t, authenticator.WithAttestation(tt.attestation), authenticator.WithAlgorithms(tt.algorithm))
			request := creation()
			request[4] = []any{
				map[string]any{"alg": -257, "type": "public-key"},
				map[string]any{"alg": int(tt.algorithm), "type": "public-key"},
			}
			status, answer := open(t, d).command(authenticator.MakeCredential, request)
			require.Equal(t, authenticator.OK, status)
			assert.Equal(t, tt.format, content[string](t, answer[1]))
			s := content[statement](t, answer[3])
			assert.Len(t, s.Chain, tt.chain)
			if tt.format == "none" {
				assert.Equal(t, cbor.RawMessage{0xa0}, answer[3])
			} else {
				assert.NotEmpty(t, s.Signature)
			}
			assert.Equal(t, tt.algorithm, d.Credentials()[0].Algorithm)
		})
	}
}
