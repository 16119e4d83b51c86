package world

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// privateTemplate is a leaf of an organisation's own authority: for a year, with
// a subject, without anything of OIDC.
func privateTemplate(identity string, from time.Time, pub crypto.PublicKey) *x509.Certificate {
	template := &x509.Certificate{
		Subject:      pkix.Name{Organization: []string{"world.test"}, CommonName: "Release"},
		NotBefore:    from.AddDate(0, -1, 0),
		NotAfter:     from.AddDate(1, -1, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		SubjectKeyId: keyID(pub)[:20],
	}
	name(template, identity)
	return template
}

// A CRL says what a revocation list is like. The zero value is current, of the
// intermediate authority, and revokes nothing.
type CRL struct {
	ByRoot      bool      // of the root, about intermediates
	From, Until time.Time // default the day around the world's time
	Revoked     []Revocation
}

// A Revocation takes a certificate back from a time on.
type Revocation struct {
	Serial *big.Int
	At     time.Time
}

// CRL makes a revocation list (RFC 5280, section 5), in PEM.
func (ca *CA) CRL(c CRL) []byte {
	issuer := ca.intermediate
	if c.ByRoot {
		issuer = ca.root
	}
	if c.From.IsZero() {
		c.From = ca.clock.Now().Add(-12 * time.Hour)
	}
	if c.Until.IsZero() {
		c.Until = c.From.Add(24 * time.Hour)
	}
	list := &x509.RevocationList{Number: big.NewInt(c.From.Unix()), ThisUpdate: c.From, NextUpdate: c.Until}
	for _, r := range c.Revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: r.Serial, RevocationTime: r.At, ReasonCode: 1, // keyCompromise
		})
	}
	der := must(x509.CreateRevocationList(nil, list, issuer.cert, issuer.key))
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}
