package authenticator

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"
)

// An issuer is the maker of the device: a root, an intermediate authority, and
// the attestation certificate and key that it put into the device.
type issuer struct {
	root  *x509.Certificate
	chain [][]byte // attestation certificate, then the intermediate one, in DER
	key   crypto.Signer
}

// newIssuer makes certificates as WebAuthn 2, 8.2.1 wants them.
func newIssuer(aaguid [16]byte) (*issuer, error) {
	root, rootKey, err := newCertificate(authority("Test Token Root"), nil, nil)
	if err != nil {
		return nil, err
	}
	middle, middleKey, err := newCertificate(authority("Test Token Issuing CA"), root, rootKey)
	if err != nil {
		return nil, err
	}
	template, err := attestationTemplate(aaguid)
	if err != nil {
		return nil, err
	}
	leaf, key, err := newCertificate(template, middle, middleKey)
	if err != nil {
		return nil, err
	}
	return &issuer{root, [][]byte{leaf.Raw, middle.Raw}, key}, nil
}

// newCertificate makes a key and its certificate, signed by parent, or by itself
// without one.
func newCertificate(template, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, crypto.Signer, error) {
	key, err := ES256.generate()
	if err != nil {
		return nil, nil, err
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return nil, nil, err
	}
	c, err := x509.ParseCertificate(der)
	return c, key, err
}

func authority(name string) *x509.Certificate {
	c := template(pkix.Name{CommonName: name})
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	return c
}

// attestationTemplate is the certificate of a model: the organizational unit is
// a fixed word, and an extension repeats the AAGUID.
func attestationTemplate(aaguid [16]byte) (*x509.Certificate, error) {
	value, err := asn1.Marshal(aaguid[:])
	if err != nil {
		return nil, err
	}
	c := template(pkix.Name{
		Country: []string{"XX"}, Organization: []string{"stella tests"},
		OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Test Token",
	})
	idFIDOGenCeAAGUID := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}
	c.ExtraExtensions = []pkix.Extension{{Id: idFIDOGenCeAAGUID, Value: value}}
	return c, nil
}

func template(name pkix.Name) *x509.Certificate {
	const years = 20
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)), Subject: name,
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(years, 0, 0),
		BasicConstraintsValid: true,
	}
}
