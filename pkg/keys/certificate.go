package keys

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// parseCertificate parses a certificate that is pinned for its key.
func parseCertificate(der []byte) (PublicKey, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return PublicKey{}, malformed("certificate")
	}
	if cert.BasicConstraintsValid && cert.IsCA {
		return PublicKey{}, fault.New(fault.KeyUnsupported, "the certificate is a CA's: it issues certificates and signs no evidence").
			WithHint("give a CA with --ca, or the certificate of the signer with --key")
	}
	key, err := publicKey(cert.PublicKey)
	key.Certificate = cert
	return key, err
}

// CertificateHolder returns the holder of a certificate: its issuer and its
// subject alternative names or, without any, its subject. Both are quoted, so
// that no name can imitate another pair.
func CertificateHolder(cert *x509.Certificate) string {
	var names []string
	names = append(names, cert.EmailAddresses...)
	names = append(names, cert.DNSNames...)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return fmt.Sprintf("certificate issuer=%q subject=%q", cert.Issuer, cert.Subject)
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("san=%q", name)
	}
	return fmt.Sprintf("certificate issuer=%q %s", cert.Issuer, strings.Join(names, " "))
}
