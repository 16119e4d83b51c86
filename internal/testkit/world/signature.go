package world

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// signed is a signature with all that it depends on.
type signed struct {
	content     Content
	payloadType string
	payload     []byte // of a statement
	hash        crypto.Hash
	digest      []byte // of the artifact, or of the envelope's PAE
	signature   []byte
	public      crypto.PublicKey
	chain       []*x509.Certificate // the signer's first; empty for bare keys
}

// sign signs an artifact or a statement about it.
func sign(o Options, chain []*x509.Certificate) signed {
	s := signed{
		content: o.Content, payloadType: o.PayloadType, payload: o.Payload,
		hash: hashOf(o.SigningKey.Public()), public: o.SigningKey.Public(), chain: chain,
	}
	message := o.Artifact
	if o.Content == Statement {
		message = pae(o.PayloadType, o.Payload)
	}
	s.digest = sum(s.hash, message)
	opts := crypto.SignerOpts(s.hash)
	if _, pure := s.public.(ed25519.PublicKey); pure {
		opts = crypto.Hash(0)
	}
	s.signature = must(crypto.SignMessage(o.SigningKey, nil, message, opts))
	return s
}

// pae is the Pre-Authentication Encoding that DSSE signs (DSSE 1.0.2, protocol.md).
func pae(payloadType string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
}

// hashOf is the hash that goes with a key, as cosign and Rekor pair them.
func hashOf(pub crypto.PublicKey) crypto.Hash {
	switch key := pub.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 384:
			return crypto.SHA384
		case 521:
			return crypto.SHA512
		}
	case ed25519.PublicKey:
		return crypto.SHA512
	}
	return crypto.SHA256
}

func sum(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

// pem is what the signature is verified with, as Rekor version 1 has it.
func (s signed) pem() []byte {
	if len(s.chain) > 0 {
		return CertificatePEM(s.chain[0])
	}
	return publicPEM(s.public)
}

// CertificatePEM is certificates in PEM, in this order.
func CertificatePEM(certificates ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func publicPEM(pub crypto.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki(pub)})
}

// StatementAbout is an in-toto statement whose only subject is an artifact.
func StatementAbout(artifact []byte) []byte {
	built := object{
		"buildDefinition": object{"buildType": "https://world.test/build", "externalParameters": object{}},
		"runDetails":      object{"builder": object{"id": "https://world.test/builder"}},
	}
	return statement("https://in-toto.io/Statement/v1", "artifact", provenance, artifact, digests{"sha256": crypto.SHA256}, built)
}
