package world

import (
	"crypto/x509"
	"encoding/asn1"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// timestampMutations are about who stamped what, and when.
func timestampMutations() []Mutation {
	return []Mutation{
		{
			Name: "timestamp-missing", Refused: "a timestamp is demanded, and none is there",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }},
		},
		{
			Name: "timestamp-of-other-bytes", Refused: "the timestamp is over other bytes than the signature",
			change: making(func(d *deviation) { d.stamped = func(s signed) []byte { return flipped(s.signature, 0) } }),
		},
		{
			Name: "timestamp-of-payload", Refused: "the timestamp is over the payload, not the signature",
			change: making(func(d *deviation) { d.stamped = func(s signed) []byte { return s.payload } }),
		},
		{
			Name: "timestamp-before-certificate", Refused: "the timestamp is older than the certificate",
			change: change{making: func(_ *World, o *Options) { o.Stamp.At = o.SignedAt.Add(-time.Minute) }},
		},
		{
			Name: "timestamp-after-certificate", Refused: "the timestamp is younger than the certificate's end",
			change: change{making: func(_ *World, o *Options) { o.Stamp.At = o.SignedAt.Add(time.Hour) }},
		},
		{
			Name: "timestamp-in-future", Refused: "the signature was stamped after the time at which it is judged",
			Of: Options{Log: NoLog}, Accepted: "it asks no clock",
			change: change{making: func(w *World, o *Options) {
				o.SignedAt = w.Clock.Now().AddDate(0, 0, 1)
				o.Stamp.At = o.SignedAt
			}},
		},
		{
			Name: "timestamp-twice", Refused: "timestamps of two authorities are demanded, and both are of one",
			change: change{
				bundle: func(w *World, b *bundlepb.Bundle) {
					again := w.TSA.Stamp(signatureOf(b), Stamp{At: w.Clock.Now()})
					b.VerificationMaterial.TimestampVerificationData = timestamps(stampOf(b).SignedTimestamp, again)
				},
				evidence: func(_ *World, e *Evidence) { e.Demand.Timestamps = 2 },
			},
		},
		{
			Name: "tsa-unknown", Refused: "the timestamp authority is not trusted; it looks the same",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{w.Stranger().TSA.Stamp(s, Stamp{At: w.Clock.Now()})}
			}),
		},
		{
			Name: "tsa-unknown-without-certificate", Refused: "the timestamp authority is not trusted, and the token does not hold its certificate",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{w.Stranger().TSA.Stamp(s, Stamp{At: w.Clock.Now(), NoCertificate: true})}
			}),
		},
		{
			Name: "tsa-window-over", Refused: "the timestamp authority was trusted until before the timestamp",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.TimestampAuthorities[0].ValidFor = timeRange(Window{w.TSA.Valid.From, w.Clock.Now().Add(-time.Hour)})
			}},
		},
		{
			Name: "tsa-window-not-begun", Refused: "the timestamp authority was trusted from after the timestamp",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.TimestampAuthorities[0].ValidFor = timeRange(Window{w.Clock.Now().Add(time.Hour), w.TSA.Valid.Until})
			}},
		},
		{
			Name: "tsa-certificate-expired", Refused: "the authority's certificate had expired at the time that it stamped",
			change: tsaLeaf(func(t *x509.Certificate, now time.Time) { t.NotAfter = now.Add(-time.Hour) }),
		},
		{
			Name: "tsa-certificate-not-yet-valid", Refused: "the authority's certificate was not yet valid at the time that it stamped",
			change: tsaLeaf(func(t *x509.Certificate, now time.Time) { t.NotBefore = now.Add(time.Hour) }),
		},
		{
			Name: "tsa-certificate-without-usage", Refused: "RFC 3161, section 2.3: the certificate is not for timestamps",
			change: tsaLeaf(func(t *x509.Certificate, _ time.Time) { t.ExtraExtensions = nil }),
		},
		{
			Name: "tsa-certificate-usage-not-critical", Refused: "RFC 3161, section 2.3: the extended key usage is critical",
			change: tsaLeaf(func(t *x509.Certificate, _ time.Time) { t.ExtraExtensions[0].Critical = false }),
		},
		{
			Name: "tsa-certificate-two-usages", Refused: "RFC 3161, section 2.3: the extended key usage is the only one",
			change: tsaLeaf(func(t *x509.Certificate, _ time.Time) {
				t.ExtraExtensions[0].Value = must(asn1.Marshal([]asn1.ObjectIdentifier{
					{1, 3, 6, 1, 5, 5, 7, 3, 8}, {1, 3, 6, 1, 5, 5, 7, 3, 3},
				}))
			}),
		},
		{
			Name: "tsa-certificate-is-ca", Refused: "a certificate of an authority stamped",
			change: tsaLeaf(func(t *x509.Certificate, _ time.Time) {
				t.BasicConstraintsValid, t.IsCA, t.KeyUsage = true, true, t.KeyUsage|x509.KeyUsageCertSign
			}),
		},
		{
			Name: "tsa-chain-incomplete", Refused: "the chain to the trusted root has a gap",
			Of: Options{Stamp: Stamp{NoCertificate: true}},
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) {
				chain := t.TimestampAuthorities[0].CertChain
				chain.Certificates = append(chain.Certificates[:1:1], chain.Certificates[2])
			}},
		},
		{
			Name: "tsa-not-trusted", Refused: "no timestamp authority is trusted",
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.TimestampAuthorities = nil }},
		},
	}
}

// tsaLeaf gives the authority another certificate, which is trusted too, and has
// it stamp with that.
func tsaLeaf(f func(template *x509.Certificate, now time.Time)) change {
	other := func(w *World) *TSA {
		return w.TSA.withLeaf(func(t *x509.Certificate) { f(t, w.Clock.Now()) })
	}
	return change{
		bundle: func(w *World, b *bundlepb.Bundle) {
			response := other(w).Stamp(signatureOf(b), Stamp{At: w.Clock.Now()})
			b.VerificationMaterial.TimestampVerificationData = timestamps(response)
		},
		trust: func(w *World, t *trustpb.TrustedRoot) {
			t.TimestampAuthorities[0].CertChain = chainOf(other(w).Chain())
		},
	}
}
