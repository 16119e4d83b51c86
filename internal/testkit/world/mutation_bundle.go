package world

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"regexp"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
)

// bundleMutations are about the form of a bundle.
func bundleMutations() []Mutation {
	return []Mutation{
		{
			Name: "version-unknown", Refused: "nobody knows what this version of bundle says",
			change: mediaType("application/vnd.dev.sigstore.bundle.v99.9+json"),
		},
		{
			Name: "version-none", Refused: "the bundle does not say its version",
			change: mediaType(""),
		},
		{
			Name: "version-of-other-type", Refused: "the media type is no bundle's",
			change: mediaType("application/json"),
		},
		{
			Name: "v0.1-without-promise", Refused: "version 0.1 demands the signed entry timestamp; the bundle lies about its version",
			Of:     Options{Version: V02, Log: LogV1Proof},
			change: mediaType(V01.mediaType()),
		},
		{
			Name: "v0.2-with-certificate", Refused: "version 0.2 has no certificate alone; the bundle lies about its version",
			Accepted: "the reader of protocol buffers knows the fields of all versions",
			change:   mediaType(V02.mediaType()),
		},
		{
			Name: "v0.2-without-proof", Refused: "version 0.2 demands the inclusion proof; the bundle lies about its version",
			Of:     Options{Version: V01, Log: LogV1Promise},
			change: mediaType(V02.mediaType()),
		},
		{
			Name: "v0.3-with-chain", Refused: "version 0.3 has the certificate alone; the bundle lies about its version",
			Of:     Options{Version: V02},
			change: mediaType(V03.mediaType()),
		},
		{
			Name: "material-none", Refused: "the bundle does not say with what to verify",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) { b.VerificationMaterial.Content = nil }},
		},
		{
			Name: "content-none", Refused: "the bundle holds no signature",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) { b.Content = nil }},
		},
		{
			Name: "message-digest-none", Refused: "the message signature does not say what it is of",
			Of:     Options{Content: Message},
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) { b.GetMessageSignature().MessageDigest = nil }},
		},
		{
			Name: "entries-too-many", Refused: "an unreasonable number of log entries",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				for range 1000 {
					b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, entryOf(b))
				}
			}},
		},
		{
			Name: "timestamps-too-many", Refused: "an unreasonable number of timestamps",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) {
				data := b.VerificationMaterial.TimestampVerificationData
				for range 1000 {
					data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, stampOf(b))
				}
			}},
		},
	}
}

// mediaType has the bundle claim another version.
func mediaType(claimed string) change {
	return change{bundle: func(_ *World, b *bundlepb.Bundle) { b.MediaType = claimed }}
}

// jsonMutations are about the encoding of a bundle.
func jsonMutations() []Mutation {
	return []Mutation{
		{
			Name: "json-truncated", Refused: "the JSON ends within an object",
			change: change{json: func(b []byte) []byte { return b[:len(b)-1] }},
		},
		{
			Name: "json-trailing-text", Refused: "after the bundle stands something",
			change: change{json: func(b []byte) []byte { return append(b, "{}"...) }},
		},
		{
			Name: "json-list", Refused: "a bundle is an object, not a list",
			change: change{json: func(b []byte) []byte { return append(append([]byte("["), b...), ']') }},
		},
		{
			Name: "json-two-types", Refused: "the bundle says its type twice",
			change: replace(`{"mediaType":`, `{"mediaType":"application/json","mediaType":`),
		},
		{
			Name: "json-two-contents", Refused: "the bundle has an envelope and a message signature",
			change: replace(`"dsseEnvelope":`, `"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AA=="},"signature":"AA=="},"dsseEnvelope":`),
		},
		{
			Name: "json-two-materials", Refused: "the bundle has a certificate and a bare key",
			change: replace(`"certificate":`, `"publicKey":{"hint":"a"},"certificate":`),
		},
		{
			Name: "json-two-payloads", Refused: "the envelope has two payloads",
			change: replace(`"dsseEnvelope":{`, `"dsseEnvelope":{"payload":"e30=",`),
		},
		{
			Name: "json-unknown-member", Refused: "nobody knows what the member says",
			change: replace(`{"mediaType":`, `{"world":1,"mediaType":`),
		},
		{
			Name: "json-member-in-capitals", Refused: "members are named to the letter",
			change: replace(`"dsseEnvelope":`, `"DsseEnvelope":`),
		},
		{
			Name: "json-base64-broken", Refused: "the signature is not base64",
			change: replace(`"sig":"`, `"sig":"*`),
		},
		{
			Name: "json-null-material", Refused: "the bundle does not say with what to verify",
			change: member("verificationMaterial", `null`),
		},
		{
			Name: "json-number-for-text", Refused: "the type is a number",
			change: member("mediaType", `1`),
		},
		{
			Name: "json-number-with-text", Refused: "the time is a number and something else",
			change: change{json: func(b []byte) []byte {
				return regexp.MustCompile(`("integratedTime":"[0-9]+)"`).ReplaceAll(b, []byte(`$1,"`))
			}},
		},
		{
			Name: "json-invalid-utf8", Refused: "a string is not UTF-8",
			change: replace(`"mediaType":"`, "\"mediaType\":\"\xff"),
		},
	}
}

// replace changes text that occurs once in a bundle's JSON.
func replace(old, by string) change {
	return change{json: func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(by), 1) }}
}

// member gives a bundle's member another value.
func member(name, value string) change {
	return change{json: func(b []byte) []byte {
		var members map[string]jsontext.Value
		if err := json.Unmarshal(b, &members); err != nil {
			panic(err)
		}
		members[name] = jsontext.Value(value)
		return must(json.Marshal(members, json.Deterministic(true)))
	}}
}
