package world

import (
	"crypto"
	"crypto/elliptic"
	"math/big"
	"slices"
	"strings"
)

// A Shape is one kind of valid evidence.
type Shape struct {
	Name    string
	Options Options
	// Refused is why stock sigstore-go refuses it, "" when it accepts it.
	Refused string
}

// Shapes are every combination of version, content, signer, log and timestamp
// that is valid evidence, and further variations of the usual one.
func (w *World) Shapes() []Shape {
	var shapes []Shape
	for v := range versionNames() {
		for c := range contentNames() {
			for s := range signerNames() {
				for l := range logNames() {
					for _, stamped := range []bool{true, false} {
						o := Options{Version: Version(v), Content: Content(c), Signer: Signer(s), Log: Log(l), NoTimestamp: !stamped}
						if valid(o) {
							shapes = append(shapes, Shape{shapeName(o), o, shapeRefused(o)})
						}
					}
				}
			}
		}
	}
	return append(shapes, w.variations()...)
}

func versionNames() []string {
	return []string{V03: "v0.3", V02: "v0.2", V01: "v0.1", V03Old: "v0.3 old type"}
}
func contentNames() []string { return []string{Statement: "statement", Message: "message"} }
func signerNames() []string  { return []string{Keyless: "keyless", Key: "key", PrivateCA: "private CA"} }
func logNames() []string {
	return []string{LogV1: "rekor v1", LogV1Promise: "rekor v1 promise", LogV1Proof: "rekor v1 proof", LogV2: "rekor v2", NoLog: "no log"}
}

func shapeName(o Options) string {
	parts := []string{versionNames()[o.Version], contentNames()[o.Content], signerNames()[o.Signer], logNames()[o.Log]}
	if !o.NoTimestamp {
		parts = append(parts, "timestamp")
	}
	return strings.Join(parts, ", ")
}

// valid tells whether the formats allow a combination, and whether it proves a
// time where a certificate is only valid for minutes.
func valid(o Options) bool {
	proof := []Log{LogV1, LogV1Proof, LogV2, NoLog}
	promise := []Log{LogV1, LogV1Promise, NoLog}
	switch {
	case o.Version == V01 && !slices.Contains(promise, o.Log),
		o.Version != V01 && !slices.Contains(proof, o.Log):
		return false
	case o.Signer == Keyless:
		return !o.NoTimestamp || slices.Contains([]Log{LogV1, LogV1Promise}, o.Log)
	}
	return true
}

func shapeRefused(o Options) string {
	timed := !o.NoTimestamp || o.Log == LogV1 || o.Log == LogV1Promise
	if o.Signer == PrivateCA && !timed {
		return "it judges no certificate without a proven time; ours is valid for a year, and judged at the time of verification"
	}
	return ""
}

// variations are of single parts of usual evidence.
func (w *World) variations() []Shape {
	p384, p521 := w.seed.sub("p384").ecdsa(elliptic.P384()), w.seed.sub("p521").ecdsa(elliptic.P521())
	return []Shape{
		{"intoto entry", Options{Entry: Intoto}, ""},
		{
			"dsse entry in rekor v2", Options{Log: LogV2, Entry: DSSE},
			"the log had this type until 2.3.0; sigstore-go does not read it any more",
		},
		{
			"hashedrekord entry about an envelope", Options{Entry: HashedRekord},
			"the client specification has it; sigstore-go wants the types that name envelopes",
		},
		{
			"checkpoint without a tree", Options{PlainOrigin: true},
			"a log of one tree need not name it; sigstore-go takes the log for one of Rekor version 2",
		},
		{"two cosignatures", Options{Log: LogV2, Cosignatures: 2}, ""},
		{"e-mail identity", Options{Identity: "dev@world.test"}, ""},
		{"timestamp without certificates", Options{Stamp: Stamp{NoCertificate: true}}, ""},
		{"timestamp over SHA-384", Options{Stamp: Stamp{Hash: crypto.SHA384}}, ""},
		{"timestamp over SHA-512", Options{Stamp: Stamp{Hash: crypto.SHA512}}, ""},
		{"timestamp with a nonce", Options{Stamp: Stamp{Nonce: big.NewInt(4711)}}, ""},
		{"P-384 statement", Options{SigningKey: p384}, ""},
		{"P-384 message", Options{SigningKey: p384, Content: Message}, ""},
		{"P-384 in rekor v2", Options{SigningKey: p384, Log: LogV2}, ""},
		{"P-521 statement", Options{SigningKey: p521}, ""},
		{"P-521 message", Options{SigningKey: p521, Content: Message}, ""},
		{"Ed25519 statement", Options{SigningKey: w.seed.sub("ed25519").ed25519()}, ""},
		{"Ed25519 key", Options{SigningKey: w.seed.sub("ed25519").ed25519(), Signer: Key, Log: NoLog}, ""},
	}
}
