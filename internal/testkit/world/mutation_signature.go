package world

import (
	"crypto"
	"crypto/x509"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
)

// signatureMutations are about the signature and what it covers.
func signatureMutations() []Mutation {
	return []Mutation{
		{
			Name: "signature-wrong", Refused: "the signature does not verify; it is what was logged and stamped",
			change: making(func(d *deviation) { d.signature = func(s []byte) []byte { return flipped(s, 0) } }),
		},
		{
			Name: "signature-wrong-message", Refused: "the signature does not verify; it is what was logged and stamped",
			Of:     Options{Content: Message},
			change: making(func(d *deviation) { d.signature = func(s []byte) []byte { return flipped(s, 0) } }),
		},
		{
			Name: "signature-wrong-key", Refused: "the signature of a bare key does not verify",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: making(func(d *deviation) { d.signature = func(s []byte) []byte { return flipped(s, 0) } }),
		},
		{
			Name: "signature-trailing-byte", Refused: "after the DER of the signature stands a byte",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: making(func(d *deviation) { d.signature = func(s []byte) []byte { return append(s, 0) } }),
		},
		{
			Name: "signature-by-other-key", Refused: "another key signed than the certificate's",
			change: change{making: func(w *World, o *Options) { o.deviation.signer = w.key }},
		},
		{
			Name: "signature-of-other-artifact", Refused: "the signature is over another artifact",
			Of:     Options{Content: Message},
			change: change{evidence: func(_ *World, e *Evidence) { e.Artifact = []byte("another artifact") }},
		},
		{
			Name: "subject-other", Refused: "the statement is about another artifact",
			change: change{evidence: func(_ *World, e *Evidence) { e.Artifact = []byte("another artifact") }},
		},
		{
			Name: "subject-none", Refused: "the statement has no subject",
			change: payload(`{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://world.test/p","predicate":{}}`),
		},
		{
			Name: "payload-no-statement", Refused: "the payload is not a statement",
			change: payload(`{"hello":"world"}`),
		},
		{
			Name: "payload-no-json", Refused: "the payload is not JSON",
			change: payload(`hello world`),
		},
		{
			Name: "payload-swapped", Refused: "the payload is another than was signed",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: inEnvelope(func(e *dssepb.Envelope) { e.Payload = append([]byte(" "), e.Payload...) }),
		},
		{
			Name: "payload-swapped-keyless", Refused: "the payload is another than was signed and logged",
			change: inEnvelope(func(e *dssepb.Envelope) { e.Payload = append([]byte(" "), e.Payload...) }),
		},
		{
			Name: "payload-type-changed", Refused: "the payload type is another than was signed",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: inEnvelope(func(e *dssepb.Envelope) { e.PayloadType = "application/json" }),
		},
		{
			Name: "signature-empty", Refused: "the signature has no bytes",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: inEnvelope(func(e *dssepb.Envelope) { e.Signatures[0].Sig = nil }),
		},
		{
			Name: "signatures-none", Refused: "the envelope has no signature",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: inEnvelope(func(e *dssepb.Envelope) { e.Signatures = nil }),
		},
		{
			Name: "message-digest-wrong", Refused: "the digest in the bundle is not the artifact's",
			Of: Options{Content: Message, Signer: Key, Log: NoLog, NoTimestamp: true},
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				d := b.GetMessageSignature().MessageDigest
				d.Digest = flipped(d.Digest, 0)
			}},
		},
		{
			Name: "key-other", Refused: "the verifier has another key",
			Of: Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: change{evidence: func(w *World, e *Evidence) {
				e.Demand.PublicKey = publicPEM(w.Stranger().PublicKey())
			}},
		},
		{
			Name: "key-without-trust", Refused: "the verifier has no key",
			Of:     Options{Signer: Key, Log: NoLog, NoTimestamp: true},
			change: change{evidence: func(_ *World, e *Evidence) { e.Demand.PublicKey = nil }},
		},
		{
			Name: "certificate-for-a-key", Refused: "a bare key is demanded, and a certificate signed",
			change: change{evidence: func(w *World, e *Evidence) {
				e.Demand.PublicKey, e.Demand.Identity, e.Demand.Issuer = publicPEM(w.PublicKey()), "", ""
			}},
		},
		{
			Name: "certificate-swapped", Refused: "the certificate is of the same identity and another key",
			Of: Options{Log: NoLog},
			change: change{bundle: func(w *World, b *bundlepb.Bundle) {
				setCertificate(b, w.sign(w.withDefaults(Options{})).chain[0])
			}},
		},
	}
}

// payload signs, logs and stamps an envelope with a payload that is not right.
func payload(text string) change {
	return change{making: func(_ *World, o *Options) { o.Payload = []byte(text) }}
}

// setCertificate puts a certificate into a bundle of version 0.3.
func setCertificate(b *bundlepb.Bundle, c *x509.Certificate) {
	setMaterial(b.VerificationMaterial, V03, signed{chain: []*x509.Certificate{c}})
}

// otherKey is a key that nothing in the world has.
func otherKey(w *World) crypto.Signer { return w.fresh("other").p256() }
