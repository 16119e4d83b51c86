package material

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// maxCAs bounds the certificates and CRLs of one file.
const maxCAs = 256

// ParseCAs reads private CAs: root and intermediate certificates and CRLs, in
// PEM, or one of them in DER. Certificates that sign themselves are roots; the
// others are intermediates of all roots that they are joined with. Who signed the CRLs
// is asked when all is joined: see [Root.CheckCRLs]. The name is for messages. Every
// failure is fault.TrustMalformed.
//
// A leaf chains to a private CA by RFC 5280. If it has an extended key usage,
// that must contain codeSigning; if it has a key usage, digitalSignature or
// contentCommitment.
func ParseCAs(name string, data []byte) (*Root, error) {
	r, err := parseCAs(name, data)
	if err != nil {
		return nil, fault.Wrap(fault.TrustMalformed, err, "malformed CA file %s", input.Display(name)).With("path", name)
	}
	return r, nil
}

func parseCAs(name string, data []byte) (*Root, error) {
	if len(data) > MaxTrust {
		return nil, fmt.Errorf("it has more than %d bytes", MaxTrust)
	}
	r := &Root{}
	return r, eachBlock(data, func(kind string, der []byte) error {
		if kind == pemCRL {
			l, err := parseCRL(der)
			if err == nil {
				l.source, r.crls = name, append(r.crls, l)
			}
			return err
		}
		c, err := parseCA(der)
		switch {
		case err != nil:
			return err
		case selfSigned(c):
			r.cas = append(r.cas, privateCA(c))
		default:
			r.between = append(r.between, c)
		}
		return nil
	})
}

// The types of PEM blocks.
const (
	pemCertificate = "CERTIFICATE"
	pemCRL         = "X509 CRL"
)

// eachBlock calls read for each certificate and CRL.
func eachBlock(data []byte, read func(kind string, der []byte) error) error {
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		kind := pemCertificate
		if _, err := x509.ParseRevocationList(data); err == nil {
			kind = pemCRL
		}
		return read(kind, data)
	}
	for i := 0; ; i++ {
		block, rest := pem.Decode(data)
		begins := bytes.Count(data[:len(data)-len(rest)], []byte("-----BEGIN "))
		switch {
		case block == nil && bytes.Contains(data, []byte("-----BEGIN ")), begins > 1:
			return fmt.Errorf("block %d is not well-formed PEM", i+1)
		case block == nil && i == 0:
			return errors.New("it holds no certificate and no CRL")
		case block == nil:
			return nil
		case i == maxCAs:
			return fmt.Errorf("it has more than %d blocks", maxCAs)
		case block.Type != pemCertificate && block.Type != pemCRL:
			return fmt.Errorf("block %d is %.40q, not a certificate or CRL", i+1, block.Type)
		}
		if err := read(block.Type, block.Bytes); err != nil {
			return fmt.Errorf("block %d: %w", i+1, err)
		}
		data = rest
	}
}

func parseCA(der []byte) (*x509.Certificate, error) {
	certs, err := parseCertificates([][]byte{der})
	if err != nil {
		return nil, err
	}
	if c := certs[0]; !c.BasicConstraintsValid || !c.IsCA {
		return nil, fmt.Errorf("the certificate of %.200q is not a CA's", c.Subject.String())
	}
	return certs[0], nil
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(c) == nil
}

func privateCA(c *x509.Certificate) *ca {
	return &ca{
		window: window{c.NotBefore, c.NotAfter}, name: c.Subject.String(),
		private: true, root: c,
	}
}

func pool(lists ...[]*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, list := range lists {
		for _, c := range list {
			p.AddCert(c)
		}
	}
	return p
}
