package world

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
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
			change: change{making: func(_ *World, o *Options) {
				o.SignedAt = start().AddDate(0, 0, 1)
				o.Stamp.At = o.SignedAt
			}},
		},
		{
			Name: "timestamp-twice", Refused: "timestamps of two authorities are demanded, and both are of one",
			change: change{
				bundle: func(w *World, b *bundlepb.Bundle) {
					again := w.TSA.Stamp(signatureOf(b), Stamp{At: start()})
					b.VerificationMaterial.TimestampVerificationData = timestamps(stampOf(b).SignedTimestamp, again)
				},
				evidence: func(_ *World, e *Evidence) { e.Demand.Timestamps = 2 },
			},
		},
		{
			Name: "tsa-unknown", Refused: "the timestamp authority is not trusted; it looks the same",
			change: restamped(func(w *World, s []byte) [][]byte { return [][]byte{w.Stranger().TSA.Stamp(s, Stamp{At: start()})} }),
		},
		{
			Name: "tsa-unknown-without-certificate", Refused: "the timestamp authority is not trusted, and the token does not hold its certificate",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{w.Stranger().TSA.Stamp(s, Stamp{At: start(), NoCertificate: true})}
			}),
		},
		{
			Name: "tsa-window-over", Refused: "the timestamp authority was trusted until before the timestamp",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.TimestampAuthorities[0].ValidFor = timeRange(Window{w.TSA.Valid.From, start().Add(-time.Hour)})
			}},
		},
		{
			Name: "tsa-window-not-begun", Refused: "the timestamp authority was trusted from after the timestamp",
			change: change{trust: func(w *World, t *trustpb.TrustedRoot) {
				t.TimestampAuthorities[0].ValidFor = timeRange(Window{start().Add(time.Hour), w.TSA.Valid.Until})
			}},
		},
		{
			Name: "tsa-certificate-expired", Refused: "the authority's certificate had expired at the time that it stamped",
			change: tsaLeaf(func(t *x509.Certificate) { t.NotAfter = start().Add(-time.Hour) }),
		},
		{
			Name: "tsa-certificate-not-yet-valid", Refused: "the authority's certificate was not yet valid at the time that it stamped",
			change: tsaLeaf(func(t *x509.Certificate) { t.NotBefore = start().Add(time.Hour) }),
		},
		{
			Name: "tsa-certificate-without-usage", Refused: "RFC 3161, section 2.3: the certificate is not for timestamps",
			change: tsaLeaf(func(t *x509.Certificate) { t.ExtraExtensions = nil }),
		},
		{
			Name: "tsa-certificate-usage-not-critical", Refused: "RFC 3161, section 2.3: the extended key usage is critical",
			change: tsaLeaf(func(t *x509.Certificate) { t.ExtraExtensions[0].Critical = false }),
		},
		{
			Name: "tsa-certificate-two-usages", Refused: "RFC 3161, section 2.3: the extended key usage is the only one",
			change: tsaLeaf(func(t *x509.Certificate) {
				t.ExtraExtensions[0].Value = must(asn1.Marshal([]asn1.ObjectIdentifier{
					{1, 3, 6, 1, 5, 5, 7, 3, 8}, {1, 3, 6, 1, 5, 5, 7, 3, 3},
				}))
			}),
		},
		{
			Name: "tsa-certificate-is-ca", Refused: "a certificate of an authority stamped",
			change: tsaLeaf(func(t *x509.Certificate) {
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
func tsaLeaf(f func(*x509.Certificate)) change {
	return change{
		bundle: func(w *World, b *bundlepb.Bundle) {
			response := w.TSA.withLeaf(f).Stamp(signatureOf(b), Stamp{At: start()})
			b.VerificationMaterial.TimestampVerificationData = timestamps(response)
		},
		trust: func(w *World, t *trustpb.TrustedRoot) {
			t.TimestampAuthorities[0].CertChain = chainOf(w.TSA.withLeaf(f).Chain())
		},
	}
}

// tokenMutations are about the form of RFC 3161 responses.
func tokenMutations() []Mutation {
	return []Mutation{
		{
			Name: "token-signature-wrong", Refused: "the token's signature does not verify",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{flipped(w.TSA.Stamp(s, Stamp{At: start()}), 0)}
			}),
		},
		{
			Name: "token-truncated", Refused: "the response ends within the token",
			change: restamped(func(w *World, s []byte) [][]byte {
				response := w.TSA.Stamp(s, Stamp{At: start()})
				return [][]byte{response[:len(response)-1]}
			}),
		},
		{
			Name: "token-trailing-byte", Refused: "after the response stands a byte",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{append(w.TSA.Stamp(s, Stamp{At: start()}), 0)}
			}),
		},
		{
			Name: "token-garbage", Refused: "the response is not DER",
			change: restamped(func(*World, []byte) [][]byte { return [][]byte{[]byte("no token")} }),
		},
		{
			Name: "token-empty", Refused: "the response has no bytes",
			change: restamped(func(*World, []byte) [][]byte { return [][]byte{nil} }),
		},
		{
			Name: "token-without-response", Refused: "bundles have the whole response, not the token alone",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{w.TSA.token(sum(crypto.SHA256, s), Stamp{At: start()}).sign()}
			}),
		},
		{
			Name: "token-refused", Refused: "the authority refused to stamp",
			change: restamped(func(*World, []byte) [][]byte { return [][]byte{rejected("not today")} }),
		},
		{
			Name: "token-over-sha1", Refused: "SHA-1 does not bind the time to the signature",
			change: tokens(func(_ *World, t *token, signature []byte) {
				t.info.Imprint = messageImprint{algorithmOf(crypto.SHA1), sum(crypto.SHA1, signature)}
			}),
		},
		{
			Name: "token-of-other-type", Refused: "what is signed is data, not a TSTInfo",
			Accepted: "it does not look at the content's type",
			change: tokens(func(_ *World, t *token, _ []byte) {
				t.contentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
			}),
		},
		{
			Name: "token-of-other-version", Refused: "RFC 3161, section 2.4.2: the version is 1",
			Accepted: "it does not look at the version",
			change:   tokens(func(_ *World, t *token, _ []byte) { t.info.Version = 2 }),
		},
		{
			Name: "token-names-no-certificate", Refused: "RFC 3161, section 2.4.2: the signed attributes name the certificate",
			Accepted: "it does not ask for the attribute",
			change:   tokens(func(_ *World, t *token, _ []byte) { t.named = nil }),
		},
		{
			Name: "token-names-other-certificate", Refused: "RFC 5816: the signed attributes name another certificate",
			Accepted: "it does not compare the attribute with the certificate",
			change:   tokens(func(w *World, t *token, _ []byte) { t.named = w.Stranger().TSA.leaf.cert }),
		},
		{
			Name: "token-critical-extension", Refused: "RFC 3161, section 2.4.2: an extension that is critical and unknown",
			Accepted: "it does not look at the token's extensions",
			change: tokens(func(_ *World, t *token, _ []byte) {
				t.info.Extensions = []pkix.Extension{
					{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 99}, Critical: true, Value: []byte{5, 0}},
				}
			}),
		},
		{
			Name: "token-by-other-key", Refused: "another key signed than the certificate's",
			change: tokens(func(w *World, t *token, _ []byte) {
				t.signer = &authority{cert: t.signer.cert, key: w.Stranger().TSA.leaf.key}
			}),
		},
	}
}

// tokens changes what the authority signs.
func tokens(f func(w *World, t *token, signature []byte)) change {
	return restamped(func(w *World, signature []byte) [][]byte {
		t := w.TSA.token(sum(crypto.SHA256, signature), Stamp{At: start()})
		f(w, &t, signature)
		return [][]byte{granted(t.sign())}
	})
}
