package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// p521Verifier verifies ECDSA on P-521 with SHA-512 and signatures in ASN.1 DER.
type p521Verifier struct{ pub *ecdsa.PublicKey }

var _ dsse.Verifier = p521Verifier{}

// NewCertificateVerifier returns the Verifier of the key in a certificate by an
// authority. Beside the keys that may be trusted by themselves it knows ECDSA on
// P-521 with SHA-512 (sigstore_common.proto, PKIX_ECDSA_P521_SHA_512), which Fulcio
// certifies. stella has no such keys of its own. Any other key is
// fault.KeyUnsupported.
func NewCertificateVerifier(pub crypto.PublicKey) (dsse.Verifier, error) {
	if k, ok := pub.(*ecdsa.PublicKey); ok && k.Curve == elliptic.P521() {
		return p521Verifier{k}, nil
	}
	if _, err := AlgorithmOf(pub); err != nil {
		return nil, err
	}
	return dsse.NewVerifier(pub)
}

func (v p521Verifier) Public() crypto.PublicKey { return v.pub }

func (v p521Verifier) Verify(m dsse.Message, s dsse.Signature) error {
	if s.Extension != nil {
		return fault.New(fault.SignatureScheme, "signature has an extension, and so is of a scheme that an ordinary ecdsa-p521 key does not verify")
	}
	digest, err := m.Digest(crypto.SHA512)
	if err != nil {
		return err
	}
	if !ecdsa.VerifyASN1(v.pub, digest, s.Sig) {
		return fault.New(fault.SignatureMismatch, "ecdsa-p521 signature does not fit the key and the content")
	}
	return nil
}
