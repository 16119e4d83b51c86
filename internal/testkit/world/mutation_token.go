package world

import (
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
)

// tokenMutations are about the form of RFC 3161 responses.
func tokenMutations() []Mutation {
	return []Mutation{
		{
			Name: "token-signature-wrong", Refused: "the token's signature does not verify",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{flipped(w.TSA.Stamp(s, Stamp{At: w.Clock.Now()}), 0)}
			}),
		},
		{
			Name: "token-truncated", Refused: "the response ends within the token",
			change: restamped(func(w *World, s []byte) [][]byte {
				response := w.TSA.Stamp(s, Stamp{At: w.Clock.Now()})
				return [][]byte{response[:len(response)-1]}
			}),
		},
		{
			Name: "token-trailing-byte", Refused: "after the response stands a byte",
			change: restamped(func(w *World, s []byte) [][]byte {
				return [][]byte{append(w.TSA.Stamp(s, Stamp{At: w.Clock.Now()}), 0)}
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
				return [][]byte{w.TSA.token(sum(crypto.SHA256, s), Stamp{At: w.Clock.Now()}).sign()}
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
		t := w.TSA.token(sum(crypto.SHA256, signature), Stamp{At: w.Clock.Now()})
		f(w, &t, signature)
		return [][]byte{granted(t.sign())}
	})
}
