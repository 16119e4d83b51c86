package fido2

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/keys"
)

// maker signs statements as no real token does.
type maker struct {
	leaf  *x509.Certificate
	key   *ecdsa.PrivateKey
	roots *x509.CertPool
}

var model = [16]byte{1, 2, 3}

func newMaker(t *testing.T, edit func(*x509.Certificate)) *maker {
	t.Helper()
	named, err := asn1.Marshal(model[:])
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		Subject:               pkix.Name{CommonName: "token", OrganizationalUnit: []string{"Authenticator Attestation"}},
		BasicConstraintsValid: true,
		ExtraExtensions:       []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}, Value: named}},
	}
	edit(template)
	key := newP256(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	m := &maker{leaf, key, x509.NewCertPool()}
	m.roots.AddCert(leaf)
	return m
}

func newP256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// statement is one about pub, by a token of the model of the test.
func (m *maker) statement(t *testing.T, pub *ecdsa.PublicKey, flags byte) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	require.NoError(t, err)
	point, err := pub.Bytes()
	require.NoError(t, err)
	key, err := mode.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(defaultRPID))
	data := binary.BigEndian.AppendUint32(append(hash[:], flags), 1)
	data = append(append(data, model[:]...), 0, 1, 7)
	data = append(data, key...)
	digest := sha256.Sum256(append(bytes.Clone(data), enrolmentHash(defaultRPID)...))
	sig, err := m.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	require.NoError(t, err)
	object, err := mode.Marshal(map[string]any{
		"fmt": "packed", "authData": data,
		"attStmt": map[string]any{"alg": -7, "sig": sig, "x5c": [][]byte{m.leaf.Raw}},
	})
	require.NoError(t, err)
	return object
}

// TestPackedCertificate: the demands of WebAuthn level 2, section 8.2.1, on what
// speaks for a token.
func TestPackedCertificate(t *testing.T) {
	for name, row := range map[string]struct {
		edit  func(*x509.Certificate)
		flags byte
		want  fault.Reason
	}{
		"good":            {func(*x509.Certificate) {}, 0x41, ""},
		"no model named":  {func(c *x509.Certificate) { c.ExtraExtensions = nil }, 0x41, ""},
		"another model":   {func(c *x509.Certificate) { c.ExtraExtensions[0].Value = append([]byte{4, 16}, make([]byte, 16)...) }, 0x41, fault.AttestationRejected},
		"critical model":  {func(c *x509.Certificate) { c.ExtraExtensions[0].Critical = true }, 0x41, fault.AttestationUntrusted},
		"malformed model": {func(c *x509.Certificate) { c.ExtraExtensions[0].Value = []byte{4} }, 0x41, fault.AttestationRejected},
		"another unit":    {func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"Web"} }, 0x41, fault.AttestationRejected},
		"an authority":    {func(c *x509.Certificate) { c.IsCA = true }, 0x41, fault.AttestationRejected},
		"no constraints":  {func(c *x509.Certificate) { c.BasicConstraintsValid = false }, 0x41, fault.AttestationRejected},
		"not touched":     {func(*x509.Certificate) {}, 0x40, fault.AttestationRejected},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMaker(t, row.edit)
			pub := newP256(t).Public().(*ecdsa.PublicKey)
			a := &keys.Attestation{Format: FormatPacked, Statement: m.statement(t, pub, row.flags)}
			got, err := VerifyAttestation(a, pub, AttestationTrust{RPID: defaultRPID, Roots: m.roots, At: time.Now()})
			if row.want == "" {
				require.NoError(t, err)
				assert.Equal(t, model, got.Model)
				return
			}
			assert.Equal(t, row.want, fault.ReasonOf(err), "%v", err)
		})
	}
}
