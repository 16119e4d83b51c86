package world

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// certificateMutations are about who the signer is.
func certificateMutations() []Mutation {
	stampedOnly, loggedOnly := Options{Log: NoLog}, Options{NoTimestamp: true}
	return []Mutation{
		{
			Name: "leaf-of-other-ca", Refused: "no trusted authority issued the certificate; it looks the same",
			change: change{making: func(w *World, o *Options) { o.deviation.ca = w.Stranger().Fulcio }},
		},
		{
			Name: "leaf-of-private-ca", Refused: "the authority is trusted for another purpose",
			change: change{making: func(w *World, o *Options) { o.deviation.ca = w.Private }},
		},
		{
			Name: "leaf-self-signed", Refused: "the certificate is signed by its own key",
			Of: stampedOnly,
			change: change{making: func(w *World, o *Options) {
				key := w.fresh("self-signed").p256()
				o.SigningKey = key
				o.deviation.ca = &CA{intermediate: &authority{cert: &x509.Certificate{}, key: key}}
			}},
		},
		{
			Name: "leaf-expired-at-timestamp", Refused: "the certificate had expired when the signature was stamped",
			Of:     stampedOnly,
			change: leaf(func(t *x509.Certificate) { t.NotAfter = t.NotBefore.Add(time.Second) }),
		},
		{
			Name: "leaf-not-yet-valid-at-timestamp", Refused: "the certificate was not yet valid when the signature was stamped",
			Of:     stampedOnly,
			change: leaf(func(t *x509.Certificate) { t.NotBefore = t.NotBefore.Add(time.Minute) }),
		},
		{
			Name: "leaf-expired-at-log-time", Refused: "the certificate had expired when the signature was logged",
			Of:     loggedOnly,
			change: leaf(func(t *x509.Certificate) { t.NotAfter = t.NotBefore.Add(2 * time.Second) }),
		},
		{
			Name: "leaf-not-yet-valid-at-log-time", Refused: "the certificate was not yet valid when the signature was logged",
			Of:     loggedOnly,
			change: leaf(func(t *x509.Certificate) { t.NotBefore = t.NotBefore.Add(time.Minute) }),
		},
		{
			Name: "identity-other", Refused: "the certificate is of another identity",
			change: making(func(d *deviation) {
				d.leaf = uri("https://github.com/evil/app/.github/workflows/release.yml@refs/tags/v1.0.0")
			}),
		},
		{
			Name: "identity-longer", Refused: "the demanded identity is only the beginning of the certificate's",
			change: making(func(d *deviation) { d.leaf = uri(DefaultIdentity + "-evil") }),
		},
		{
			Name: "identity-shorter", Refused: "the certificate's identity is only the beginning of the demanded one",
			change: making(func(d *deviation) { d.leaf = uri(DefaultIdentity[:len(DefaultIdentity)-1]) }),
		},
		{
			Name: "identity-in-capitals", Refused: "identities are compared to the letter",
			change: making(func(d *deviation) {
				d.leaf = uri("https://github.com/World/app/.github/workflows/release.yml@refs/tags/v1.0.0")
			}),
		},
		{
			Name: "identity-none", Refused: "the certificate names nobody",
			change: leaf(func(t *x509.Certificate) { t.URIs = nil }),
		},
		{
			Name: "issuer-other", Refused: "another issuer vouches for the identity",
			change: change{making: func(_ *World, o *Options) { o.Issuer = "https://issuer.evil.test" }},
		},
		{
			Name: "issuer-none", Refused: "no issuer vouches for the identity",
			change: leaf(func(t *x509.Certificate) { t.ExtraExtensions = nil }),
		},
		{
			Name: "issuer-only-in-old-extension", Refused: "the extension that counts names another issuer than the deprecated one",
			change: leaf(func(t *x509.Certificate) {
				t.ExtraExtensions[1].Value = must(asn1.MarshalWithParams("https://issuer.evil.test", "utf8"))
			}),
		},
		{
			Name: "issuers-disagree", Refused: "the deprecated extension names another issuer: the certificate contradicts itself",
			Accepted: "it reads the newer extension and looks at the deprecated one only without it",
			change:   leaf(func(t *x509.Certificate) { t.ExtraExtensions[0].Value = []byte("https://issuer.evil.test") }),
		},
		{
			Name: "unknown-critical-extension", Refused: "RFC 5280, section 4.2: an extension that is critical and unknown",
			change: leaf(func(t *x509.Certificate) {
				t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{
					Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 99}, Critical: true, Value: []byte{5, 0},
				})
			}),
		},
		{
			Name: "leaf-is-ca", Refused: "a certificate of an authority signed, not one of a signer",
			Accepted: "Go's path validation takes any certificate as a leaf",
			change: leaf(func(t *x509.Certificate) {
				t.BasicConstraintsValid, t.IsCA, t.KeyUsage = true, true, t.KeyUsage|x509.KeyUsageCertSign
			}),
		},
		{
			Name: "leaf-for-servers", Refused: "the certificate is not for code signing",
			change: leaf(func(t *x509.Certificate) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
		},
		{
			Name: "leaf-without-usage", Refused: "the certificate does not say that it is for code signing",
			Accepted: "Go's path validation takes a certificate without extended key usage for any use",
			change:   leaf(func(t *x509.Certificate) { t.ExtKeyUsage = nil }),
		},
		{
			Name: "leaf-not-for-signatures", Refused: "the key usage is key agreement, not digital signature",
			Accepted: "Go's path validation does not look at a leaf's key usage",
			change:   leaf(func(t *x509.Certificate) { t.KeyUsage = x509.KeyUsageKeyAgreement }),
		},
		{
			Name: "certificate-garbage", Refused: "the certificate is not DER",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				b.VerificationMaterial.GetCertificate().RawBytes = []byte("no certificate")
			}},
		},
		{
			Name: "certificate-trailing-byte", Refused: "after the certificate stands a byte",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				c := b.VerificationMaterial.GetCertificate()
				c.RawBytes = append(c.RawBytes, 0)
			}},
		},
		{
			Name: "certificate-chain-empty", Refused: "the certificate chain holds nothing",
			Of: Options{Version: V01},
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				b.VerificationMaterial.GetX509CertificateChain().Certificates = nil
			}},
		},
		{
			Name: "certificate-chain-in-v0.3", Refused: "version 0.3 has the certificate alone",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				leaf := b.VerificationMaterial.GetCertificate()
				b.VerificationMaterial.Content = &bundlepb.VerificationMaterial_X509CertificateChain{
					X509CertificateChain: &commonpb.X509CertificateChain{Certificates: []*commonpb.X509Certificate{leaf}},
				}
			}},
		},
	}
}

// leaf changes the template of the certificate before it is issued.
func leaf(f func(*x509.Certificate)) change {
	return making(func(d *deviation) { d.leaf = f })
}

// uri gives a certificate another identity.
func uri(identity string) func(*x509.Certificate) {
	return func(t *x509.Certificate) { t.URIs = []*url.URL{must(url.Parse(identity))} }
}
