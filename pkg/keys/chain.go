package keys

import (
	"crypto/x509"

	"github.com/stellaops/stella/internal/fault"
)

// MaxChain bounds the certificates of one chain.
const MaxChain = 8

// ParseChain parses a file of PEM certificates: the signer's first, each next
// one the issuer of the one before. That each signed the one before is checked;
// nothing says that anybody trusts the last.
//
// The errors: fault.KeyMalformed; fault.KeyUnsupported for a key of another
// algorithm and for a first certificate that is a CA's; fault.KeyPrivate.
func ParseChain(b []byte) ([]*x509.Certificate, error) {
	if err := checkText(b, MaxPublicFileSize); err != nil {
		return nil, err
	}
	blocks, err := pemBlocks(b)
	if err != nil {
		return nil, err
	}
	var ders [][]byte
	for _, block := range blocks {
		if block.Type != pemCertificate {
			if _, err := parsePublicBlock(block); fault.ReasonOf(err) == fault.KeyPrivate {
				return nil, err
			}
			return nil, fault.New(fault.KeyMalformed, "a PEM block %q among certificates", clip(block.Type)).
				WithHint("put the certificates into a file of their own")
		}
		ders = append(ders, block.Bytes)
	}
	return CheckChain(ders)
}

// CheckChain is ParseChain for certificates in DER.
func CheckChain(ders [][]byte) ([]*x509.Certificate, error) {
	if len(ders) == 0 || len(ders) > MaxChain {
		return nil, fault.New(fault.KeyMalformed, "a chain has 1 to %d certificates, and this has %d", MaxChain, len(ders))
	}
	if _, err := parseCertificate(ders[0]); err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for i, der := range ders {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, malformed("certificate")
		}
		if i > 0 && chain[i-1].CheckSignatureFrom(cert) != nil {
			return nil, fault.New(fault.KeyMalformed, "certificate %d of the chain did not issue certificate %d", i+1, i).
				WithHint("put the signer's certificate first, then its issuer, and so on")
		}
		chain = append(chain, cert)
	}
	return chain, nil
}
