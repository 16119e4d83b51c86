package world

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"strings"
	"time"
)

// leafLife is how long a certificate of Fulcio is valid.
const leafLife = 10 * time.Minute

// A CA issues certificates from an intermediate authority: Fulcio, or one of an
// organisation's own.
type CA struct {
	URL                string
	Valid              Window
	root, intermediate *authority
	clock              *Clock
}

func newCA(s seed, name, host string, valid Window, clock *Clock) *CA {
	root := newAuthority(s.sub("root"), nil, caTemplate(name+" root", valid, 1))
	template := caTemplate(name+" intermediate", valid, 0)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	return &CA{
		URL: "https://" + host, Valid: valid, clock: clock,
		root: root, intermediate: newAuthority(s.sub("intermediate"), root, template),
	}
}

// Chain is the certificates above a leaf, the root last.
func (ca *CA) Chain() []*x509.Certificate {
	return []*x509.Certificate{ca.intermediate.cert, ca.root.cert}
}

// issue makes a leaf with one SCT of each log, after a change to each that may be
// nil.
func (ca *CA) issue(template *x509.Certificate, pub crypto.PublicKey, change func([]byte) []byte, logs ...*CTLog) *x509.Certificate {
	bare := ca.intermediate.sign(template, pub)
	if len(logs) == 0 {
		return bare
	}
	scts := make([][]byte, 0, len(logs))
	for _, log := range logs {
		// RFC 6962, section 3.2: what is signed is the certificate without SCTs.
		sct := log.sct(bare.RawTBSCertificate, ca.intermediate.cert, template.NotBefore)
		if change != nil {
			sct = change(sct)
		}
		scts = append(scts, sct)
	}
	template.ExtraExtensions = append(template.ExtraExtensions, sctExtension(scts...))
	return ca.intermediate.sign(template, pub)
}

// fulcioTemplate is a leaf as Fulcio issues it: no subject, the identity as
// critical subject alternative name, the issuer under its old and its new OID.
func fulcioTemplate(identity, issuer string, from time.Time, pub crypto.PublicKey) *x509.Certificate {
	template := &x509.Certificate{
		NotBefore:    from,
		NotAfter:     from.Add(leafLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		SubjectKeyId: keyID(pub)[:20],
		ExtraExtensions: []pkix.Extension{
			{Id: oidIssuerRaw(), Value: []byte(issuer)},
			{Id: oidIssuer(), Value: must(asn1.MarshalWithParams(issuer, "utf8"))},
		},
	}
	name(template, identity)
	return template
}

// name puts an identity into a certificate, as subject alternative name.
func name(template *x509.Certificate, identity string) {
	if strings.Contains(identity, "://") {
		template.URIs = []*url.URL{must(url.Parse(identity))}
	} else {
		template.EmailAddresses = []string{identity}
	}
}

// oidIssuerRaw is the issuer as bare bytes, deprecated by Fulcio in favour of
// oidIssuer (Fulcio's oid-info.md).
func oidIssuerRaw() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
}

// oidIssuer is the issuer as UTF8String.
func oidIssuer() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
}
