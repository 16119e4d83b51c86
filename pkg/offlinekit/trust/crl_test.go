package trust_test

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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/offlinekit/trust"
	"github.com/stellaops/stella/pkg/verify/material"
)

// authority is a private CA.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Private CA"}, NotBefore: start().Add(-day), NotAfter: start().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte{1},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{t, key, cert}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// leaf issues a certificate with a serial number.
func (a *authority) leaf(serial int64) *material.Leaf {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: start(), NotAfter: start().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(a.t, err)
	leaf, err := material.ParseLeaf([][]byte{der})
	require.NoError(a.t, err)
	return leaf
}

// crl is a CRL that lists serial numbers.
func (a *authority) crl(number int64, at time.Time, serials ...int64) []byte {
	a.t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: at, NextUpdate: at.Add(30 * day)}
	for _, s := range serials {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: start()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
	require.NoError(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// publishCRL publishes the next CRL and imports it.
func (w *world) publishCRL(crl []byte) *trust.Imported {
	w.t.Helper()
	w.now = w.now.Add(day)
	_, err := w.publisher.Put(w.t.Context(), w.now, trust.File{Name: "crl/ca.crl", Content: crl})
	require.NoError(w.t, err)
	w.sign(w.online)
	return w.mustImport(w.export())
}

// state is what the trust says of a certificate.
func (w *world) state(leaf *material.Leaf) string {
	w.t.Helper()
	root := w.mustOpen().Root
	chain, err := root.Chain(leaf, w.now)
	require.NoError(w.t, err)
	return root.Revocation(chain, w.now)[0].State
}

// CRLs come with the trust. What one of them revoked stays revoked, whatever the
// next ones list; one that lists all of it again takes its place.
func TestCRLsNeverTakeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	a := newAuthority(t)
	_, err := w.publisher.Put(t.Context(), w.now, trust.File{Name: "ca/ca.pem", Content: a.pem()})
	require.NoError(t, err)
	good, bad := a.leaf(7), a.leaf(8)

	done := w.publishCRL(a.crl(1, w.now, 8))
	assert.Zero(t, done.Status.Imported.CarriedCRLs)
	assert.Equal(t, material.Good, w.state(good))
	assert.Equal(t, material.Revoked, w.state(bad))

	done = w.publishCRL(a.crl(2, w.now, 9))
	assert.Equal(t, 1, done.Status.Imported.CarriedCRLs)
	assert.Equal(t, material.Good, w.state(good), "the newest CRL decides on what none lists")
	assert.Equal(t, material.Revoked, w.state(bad))

	done = w.publishCRL(a.crl(1, w.now.Add(-30*day), 8)) // older than the one before
	assert.Equal(t, 2, done.Status.Imported.CarriedCRLs, "both are newer than it")
	assert.Equal(t, material.Revoked, w.state(a.leaf(9)))

	done = w.publishCRL(a.crl(3, w.now, 8, 9))
	assert.Zero(t, done.Status.Imported.CarriedCRLs)
	assert.Equal(t, material.Revoked, w.state(bad))
}

// A CRL that none of the published CAs signed is refused when it is put there, and not
// passed over when it is used.
func TestCRLOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begin()
	a, same := newAuthority(t), newAuthority(t)
	_, err := w.publisher.Put(t.Context(), w.now, trust.File{Name: "ca/ca.pem", Content: a.pem()})
	require.NoError(t, err)
	_, err = w.publisher.Put(t.Context(), w.now, trust.File{Name: "crl/ca.crl", Content: same.crl(1, w.now)})
	assert.Equal(t, fault.TrustMalformed, fault.ReasonOf(err), "%v", err)
	assert.ErrorContains(t, err, "crl/ca.crl")
	_, err = w.publisher.Put(t.Context(), w.now, trust.File{Name: "crl/ca.crl", Content: a.crl(1, w.now)})
	require.NoError(t, err)
}
