package material_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/verify/material"
)

// noon is the time of verification in the tests of private CAs.
func noon() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// An issuer is a private CA, or one of its certificates, with its key.
type issuer struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newRoot makes a CA that signs itself.
func newRoot(t testing.TB, name string) *issuer {
	t.Helper()
	return (&issuer{t: t}).issue(authorityTemplate(name))
}

func authorityTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: noon().AddDate(-5, 0, 0), NotAfter: noon().AddDate(5, 0, 0),
		BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// leafTemplate is a certificate for signing code, for a month around noon.
func leafTemplate() *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Release"}, NotBefore: noon().AddDate(0, 0, -15), NotAfter: noon().AddDate(0, 0, 15),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		EmailAddresses: []string{"release@example.test"},
	}
}

// issue makes a certificate with a fresh key. Without a certificate of its own,
// the issuer makes one that signs itself.
func (i *issuer) issue(template *x509.Certificate) *issuer {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(i.t, err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(i.t, err)
	parent, signer := template, key
	if i.cert != nil {
		parent, signer = i.cert, i.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(i.t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(i.t, err)
	return &issuer{i.t, cert, key}
}

// leaf issues a leaf after a change to the template.
func (i *issuer) leaf(change func(*x509.Certificate), between ...*issuer) *material.Leaf {
	i.t.Helper()
	template := leafTemplate()
	if change != nil {
		change(template)
	}
	ders := [][]byte{i.issue(template).cert.Raw}
	for _, b := range between {
		ders = append(ders, b.cert.Raw)
	}
	leaf, err := material.ParseLeaf(ders)
	require.NoError(i.t, err)
	return leaf
}

func (i *issuer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
}

// crl makes a revocation list that is current at noon.
func (i *issuer) crl(change func(*x509.RevocationList)) []byte {
	i.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: noon().Add(-time.Hour), NextUpdate: noon().Add(time.Hour)}
	if change != nil {
		change(list)
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, i.cert, i.key)
	require.NoError(i.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// join joins what is read of files of private CAs.
func join(t testing.TB, files ...[]byte) *material.Root {
	t.Helper()
	var roots []*material.Root
	for _, f := range files {
		r, err := material.ParseCAs("ca.pem", f)
		require.NoError(t, err)
		roots = append(roots, r)
	}
	joined, err := material.Join(roots...)
	require.NoError(t, err)
	return joined
}
