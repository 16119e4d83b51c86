package bundle

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/strictjson"
)

// maxPEM bounds the text of a certificate or a chain of them, in bytes.
const maxPEM = 256 << 10

var errNotCertificate = errors.New("not a certificate in PEM, base64 of PEM, or DER")

// setSigner takes the certificate of a signature from the text that cosign keeps
// it as. It wrote a public key there, too, which is a hint and no more.
func (m *Material) setSigner(text []byte) error {
	blocks, err := certificateBlocks(text)
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if len(blocks) == 1 && blocks[0].Type == "PUBLIC KEY" {
		sum := sha256.Sum256(blocks[0].Bytes)
		m.KeyHint = base64.StdEncoding.EncodeToString(sum[:])
		return nil
	}
	return m.appendCertificates(blocks)
}

func (m *Material) appendCertificates(blocks []*pem.Block) error {
	for _, b := range blocks {
		switch {
		case b.Type != "CERTIFICATE":
			return fmt.Errorf("certificate: PEM block %q", b.Type)
		case len(b.Bytes) > MaxCertificateSize:
			return fmt.Errorf("certificate is over the limit of %d bytes", MaxCertificateSize)
		case len(m.Certificates) == MaxCertificates:
			return fmt.Errorf("more than %d certificates", MaxCertificates)
		}
		m.Certificates = append(m.Certificates, b.Bytes)
	}
	return nil
}

// certificateBlocks returns what stands in PEM, in base64 of PEM, or in DER.
// Nothing else may stand there.
func certificateBlocks(text []byte) ([]*pem.Block, error) {
	if _, err := x509.ParseCertificate(text); err == nil {
		return []*pem.Block{{Type: "CERTIFICATE", Bytes: text}}, nil
	}
	text = bytes.TrimSpace(text)
	if decoded, err := strictjson.DecodeBase64(string(text)); err == nil {
		text = bytes.TrimSpace(decoded)
	}
	var blocks []*pem.Block
	for len(text) > 0 {
		if !bytes.HasPrefix(text, []byte("-----BEGIN ")) { // pem.Decode passes over what is not PEM
			return nil, errNotCertificate
		}
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errNotCertificate
		}
		blocks, text = append(blocks, block), bytes.TrimSpace(rest)
	}
	if len(blocks) == 0 {
		return nil, errNotCertificate
	}
	return blocks, nil
}
