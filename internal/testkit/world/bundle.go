package world

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json/jsontext"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// mediaType is how a bundle names its version.
func (v Version) mediaType() string {
	return map[Version]string{
		V03:    "application/vnd.dev.sigstore.bundle.v0.3+json",
		V03Old: "application/vnd.dev.sigstore.bundle+json;version=0.3",
		V02:    "application/vnd.dev.sigstore.bundle+json;version=0.2",
		V01:    "application/vnd.dev.sigstore.bundle+json;version=0.1",
	}[v]
}

// assemble makes a bundle of a signature, without proofs.
func assemble(v Version, s signed) *bundlepb.Bundle {
	b := &bundlepb.Bundle{
		MediaType:            v.mediaType(),
		VerificationMaterial: &bundlepb.VerificationMaterial{},
	}
	setMaterial(b.VerificationMaterial, v, s)
	setContent(b, s)
	return b
}

// setMaterial says with what the signature is verified.
func setMaterial(m *bundlepb.VerificationMaterial, v Version, s signed) {
	switch {
	case len(s.chain) == 0:
		hint := base64.StdEncoding.EncodeToString(keyID(s.public))
		m.Content = &bundlepb.VerificationMaterial_PublicKey{PublicKey: &commonpb.PublicKeyIdentifier{Hint: hint}}
	case v == V01 || v == V02:
		m.Content = &bundlepb.VerificationMaterial_X509CertificateChain{X509CertificateChain: chainOf(s.chain)}
	default:
		m.Content = &bundlepb.VerificationMaterial_Certificate{
			Certificate: &commonpb.X509Certificate{RawBytes: s.chain[0].Raw},
		}
	}
}

// chainOf is certificates in the message that bundles and trusted roots share.
func chainOf(certificates []*x509.Certificate) *commonpb.X509CertificateChain {
	chain := &commonpb.X509CertificateChain{}
	for _, c := range certificates {
		chain.Certificates = append(chain.Certificates, &commonpb.X509Certificate{RawBytes: c.Raw})
	}
	return chain
}

// setContent puts in what is signed, with the signature.
func setContent(b *bundlepb.Bundle, s signed) {
	if s.content == Statement {
		b.Content = &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: &dssepb.Envelope{
			Payload: s.payload, PayloadType: s.payloadType,
			Signatures: []*dssepb.Signature{{Sig: s.signature}},
		}}
		return
	}
	algorithm := map[crypto.Hash]commonpb.HashAlgorithm{
		crypto.SHA256: commonpb.HashAlgorithm_SHA2_256,
		crypto.SHA384: commonpb.HashAlgorithm_SHA2_384,
		crypto.SHA512: commonpb.HashAlgorithm_SHA2_512,
	}[s.hash]
	b.Content = &bundlepb.Bundle_MessageSignature{MessageSignature: &commonpb.MessageSignature{
		MessageDigest: &commonpb.HashOutput{Algorithm: algorithm, Digest: s.digest},
		Signature:     s.signature,
	}}
}

// encodeJSON is a message as JSON. protojson puts in spaces that change from one
// program to the next, so that nobody relies on its bytes: they are taken out.
func encodeJSON(m proto.Message) []byte {
	out := jsontext.Value(must(protojson.Marshal(m)))
	if err := out.Compact(); err != nil {
		panic(err)
	}
	return out
}
