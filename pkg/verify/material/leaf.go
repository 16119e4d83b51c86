package material

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/stellaops/stella/internal/fault"
)

// Limits on a certificate.
const (
	maxChain       = 16
	maxCertificate = 64 << 10
	maxNames       = 64
	maxRSABits     = 8192
)

// Leaf is a signer's certificate. It does not change and may be used from
// several goroutines.
type Leaf struct {
	cert       *x509.Certificate
	between    []*x509.Certificate // that came with it; only private CAs use them
	names      []string
	issuer     string
	extensions map[string]string
	ways       ways
}

// ParseLeaf reads the certificates of a bundle in DER, leaf first. A CA's
// certificate in the leaf's place, and what is malformed or over a limit, are
// fault.CertificateInvalid.
func ParseLeaf(ders [][]byte) (*Leaf, error) {
	certs, err := parseCertificates(ders)
	if err != nil {
		return nil, fault.Wrap(fault.CertificateInvalid, err, "the signer's certificate chain is malformed")
	}
	l := &Leaf{cert: certs[0], between: certs[1:]}
	if err := l.read(); err != nil {
		return nil, fault.Wrap(fault.CertificateInvalid, err, "the signer's certificate is invalid")
	}
	return l, nil
}

func parseCertificates(ders [][]byte) ([]*x509.Certificate, error) {
	if len(ders) == 0 || len(ders) > maxChain {
		return nil, fmt.Errorf("it has %d certificates, not between 1 and %d", len(ders), maxChain)
	}
	var certs []*x509.Certificate
	for i, der := range ders {
		if len(der) > maxCertificate {
			return nil, fmt.Errorf("certificate %d has more than %d bytes", i, maxCertificate)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i, inWords(err))
		}
		if err := boundKey(c.PublicKey); err != nil {
			return nil, fmt.Errorf("certificate %d has %w", i, err)
		}
		certs = append(certs, c)
	}
	return certs, nil
}

// read takes from the certificate what verdicts are about.
func (l *Leaf) read() error {
	if l.cert.IsCA {
		return errors.New("it is a CA's: it issues certificates and signs no evidence")
	}
	// The one name that crypto/x509 does not know is Fulcio's other name. It is
	// read here; as sigstore-go does, its extension then counts as handled.
	l.cert.UnhandledCriticalExtensions = slices.DeleteFunc(l.cert.UnhandledCriticalExtensions, func(id asn1.ObjectIdentifier) bool {
		return id.Equal(cryptoutils.SANOID)
	})
	for _, u := range l.cert.URIs {
		l.names = append(l.names, u.String())
	}
	l.names = append(l.names, l.cert.EmailAddresses...)
	if other, err := cryptoutils.UnmarshalOtherNameSAN(l.cert.Extensions); err == nil {
		l.names = append(l.names, other)
	}
	l.names = append(l.names, l.cert.DNSNames...)
	if len(l.names) > maxNames {
		return fmt.Errorf("it has more than %d names", maxNames)
	}
	var err error
	l.issuer, l.extensions, err = fulcioExtensions(l.cert)
	return err
}

// Names returns the subject alternative names: URIs, email addresses, Fulcio's
// other name, DNS names. There may be none.
func (l *Leaf) Names() []string { return slices.Clone(l.names) }

// Issuer returns the OIDC issuer that vouched for the names to Fulcio (OID
// 1.3.6.1.4.1.57264.1.8, else .1), or "" if the certificate names none.
func (l *Leaf) Issuer() string { return l.issuer }

// IssuerDN returns the distinguished name of the CA that issued the
// certificate, as RFC 2253 writes it.
func (l *Leaf) IssuerDN() string { return l.cert.Issuer.String() }

// Extensions returns Fulcio's other claims by their names in its specification,
// such as sourceRepositoryURI.
func (l *Leaf) Extensions() map[string]string { return maps.Clone(l.extensions) }

// PublicKey returns the key that the certificate is about.
func (l *Leaf) PublicKey() crypto.PublicKey { return l.cert.PublicKey }

// SHA256 returns the certificate's SHA-256 in lower-case hex.
func (l *Leaf) SHA256() string { return certificateID(l.cert) }

// Serial returns the serial number in lower-case hex.
func (l *Leaf) Serial() string { return l.cert.SerialNumber.Text(16) }

// NotBefore returns the first instant of the certificate's validity.
func (l *Leaf) NotBefore() time.Time { return l.cert.NotBefore.UTC() }

// NotAfter returns the last instant of the certificate's validity.
func (l *Leaf) NotAfter() time.Time { return l.cert.NotAfter.UTC() }

func (l *Leaf) validAt(t time.Time) bool {
	return window{l.cert.NotBefore, l.cert.NotAfter}.contains(t)
}
