package world

import (
	"crypto/x509"

	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// trustedRootType is the only version that verifiers read today.
const trustedRootType = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"

// TrustedRoot is the world's trusted_root.json: Fulcio, both Rekors, the CT log
// and the timestamp authority.
func (w *World) TrustedRoot() []byte { return encodeJSON(w.trust()) }

func (w *World) trust() *trustpb.TrustedRoot {
	return &trustpb.TrustedRoot{
		MediaType: trustedRootType,
		Tlogs: []*trustpb.TransparencyLogInstance{
			logInstance(w.Rekor.URL, keyID(w.Rekor.key.Public()), ecdsaKey(spki(w.Rekor.key.Public())), w.Rekor.Valid),
			logInstance(w.RekorV2.URL, w.RekorV2.id(), ed25519Key(spki(w.RekorV2.key.Public())), w.RekorV2.Valid),
		},
		CertificateAuthorities: []*trustpb.CertificateAuthority{
			authorityInstance(w.Fulcio.URL, w.Fulcio.Chain(), w.Fulcio.Valid),
		},
		Ctlogs: []*trustpb.TransparencyLogInstance{
			logInstance(w.CTLog.URL, keyID(w.CTLog.key.Public()), ecdsaKey(spki(w.CTLog.key.Public())), w.CTLog.Valid),
		},
		TimestampAuthorities: []*trustpb.CertificateAuthority{
			authorityInstance(w.TSA.URL, w.TSA.Chain(), w.TSA.Valid),
		},
	}
}

func ecdsaKey(der []byte) *commonpb.PublicKey {
	return &commonpb.PublicKey{RawBytes: der, KeyDetails: commonpb.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256}
}

func ed25519Key(der []byte) *commonpb.PublicKey {
	return &commonpb.PublicKey{RawBytes: der, KeyDetails: commonpb.PublicKeyDetails_PKIX_ED25519}
}

// logInstance is a log as a trusted root has it.
func logInstance(url string, id []byte, key *commonpb.PublicKey, valid Window) *trustpb.TransparencyLogInstance {
	key.ValidFor = timeRange(valid)
	return &trustpb.TransparencyLogInstance{
		BaseUrl: url, HashAlgorithm: commonpb.HashAlgorithm_SHA2_256,
		PublicKey: key, LogId: &commonpb.LogId{KeyId: id},
	}
}

// authorityInstance is a certificate authority as a trusted root has it.
func authorityInstance(url string, chain []*x509.Certificate, valid Window) *trustpb.CertificateAuthority {
	root := chain[len(chain)-1]
	return &trustpb.CertificateAuthority{
		Subject: &commonpb.DistinguishedName{
			Organization: root.Subject.Organization[0], CommonName: root.Subject.CommonName,
		},
		Uri: url, CertChain: chainOf(chain), ValidFor: timeRange(valid),
	}
}

func timeRange(w Window) *commonpb.TimeRange {
	r := &commonpb.TimeRange{Start: timestamppb.New(w.From)}
	if !w.Until.IsZero() {
		r.End = timestamppb.New(w.Until)
	}
	return r
}
