package world

import (
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// entryMutations are about what Rekor version 1 logged.
func entryMutations() []Mutation {
	message := Options{Content: Message}
	return []Mutation{
		{
			Name: "entry-missing", Refused: "the signature is in no log",
			change: change{bundle: func(_ *World, b *bundlepb.Bundle) { b.VerificationMaterial.TlogEntries = nil }},
		},
		{
			Name: "entry-of-other-signature", Refused: "the entry is of another signature by the same key",
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.signature = flipped(s.signature, 0) } }),
		},
		{
			Name: "entry-of-other-signature-intoto", Refused: "the entry is of another signature by the same key",
			Of:     Options{Entry: Intoto},
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.signature = flipped(s.signature, 0) } }),
		},
		{
			Name: "entry-of-other-signature-message", Refused: "the entry is of another signature by the same key", Of: message,
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.signature = flipped(s.signature, 0) } }),
		},
		{
			Name: "entry-of-other-certificate", Refused: "the entry is of another certificate of the same identity",
			change: change{making: func(w *World, o *Options) {
				other := w.sign(w.withDefaults(Options{}))
				o.deviation.logged = func(s *signed) { s.chain = other.chain }
			}},
		},
		{
			Name: "entry-of-bare-key", Refused: "the entry names the certificate's key, not the certificate",
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.chain = nil } }),
		},
		{
			Name: "entry-of-other-payload", Refused: "the entry is of another payload",
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.payload = []byte("{}") } }),
		},
		{
			Name: "entry-of-other-payload-intoto", Refused: "the entry is of another payload",
			Of:     Options{Entry: Intoto},
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.payload = []byte("{}") } }),
		},
		{
			Name: "entry-of-other-artifact", Refused: "the entry is of another artifact", Of: message,
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.digest = flipped(s.digest, 0) } }),
		},
		{
			Name: "entry-of-other-key", Refused: "the entry is of another bare key",
			Of: Options{Signer: Key},
			change: change{making: func(w *World, o *Options) {
				other := otherKey(w).Public()
				o.deviation.logged = func(s *signed) { s.public = other }
			}},
		},
		{
			Name: "entry-kind-wrong", Refused: "the bundle calls the entry by another type than it has",
			Accepted: "it compares what the bundle says with itself, and reads the entry",
			change:   inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.KindVersion.Kind = "hashedrekord" }),
		},
		{
			Name: "entry-version-wrong", Refused: "the bundle calls the entry by another version than it has",
			Accepted: "it compares what the bundle says with itself, and reads the entry",
			change:   inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.KindVersion.Version = "0.0.2" }),
		},
		{
			Name: "entry-kind-unknown", Refused: "nobody knows what the entry says",
			change: relogged(func(b body) body { return encode("world", "0.0.1", object{}) }),
		},
		{
			Name: "entry-version-unknown", Refused: "nobody knows what the entry says",
			change: relogged(func(b body) body { return encode("dsse", "0.0.9", object{}) }),
		},
		{
			Name: "entry-garbage", Refused: "the entry is not JSON",
			change: relogged(func(b body) body { return body{b.kind, b.version, []byte("no entry")} }),
		},
		{
			Name: "entry-empty", Refused: "the bundle has a place in the log and no entry",
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.CanonicalizedBody = nil }),
		},
		{
			Name: "entry-twice", Refused: "two entries are demanded, and both are the same",
			change: change{
				bundle: func(_ *World, b *bundlepb.Bundle) {
					b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, entryOf(b))
				},
				evidence: func(_ *World, e *Evidence) { e.Demand.Logs = 2 },
			},
		},
		{
			Name: "entry-logged-twice", Refused: "entries in two logs are demanded, and both are in one",
			change: change{
				bundle: func(w *World, b *bundlepb.Bundle) {
					e := entryOf(b)
					again := w.Rekor.add(body{e.KindVersion.Kind, e.KindVersion.Version, e.CanonicalizedBody}, time.Unix(e.IntegratedTime, 0))
					b.VerificationMaterial.TlogEntries = append(b.VerificationMaterial.TlogEntries, again)
				},
				evidence: func(_ *World, e *Evidence) { e.Demand.Logs = 2 },
			},
		},
		{
			Name: "entry-of-unknown-log", Refused: "the log is not trusted; it looks the same",
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
				relog(w.Stranger().Rekor, e, body{e.KindVersion.Kind, e.KindVersion.Version, e.CanonicalizedBody})
			}),
		},
		{
			Name: "entry-without-log-id", Refused: "the entry names no log",
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.LogId = nil }),
		},
		{
			Name: "entry-without-proofs", Refused: "nothing proves that the entry is in the log",
			Of:     Options{Version: V01, Log: LogV1},
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.InclusionPromise, e.InclusionProof = nil, nil }),
		},
	}
}

// relogged replaces the entry by another that the log holds, with its proofs.
func relogged(f func(body) body) change {
	return inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
		relog(w.Rekor, e, f(body{e.KindVersion.Kind, e.KindVersion.Version, e.CanonicalizedBody}))
	})
}

// relog puts another entry of a log in the place of one.
func relog(log *Rekor, e *rekorpb.TransparencyLogEntry, b body) {
	fresh := log.add(b, time.Unix(e.IntegratedTime, 0))
	e.LogIndex, e.LogId, e.KindVersion, e.CanonicalizedBody = fresh.LogIndex, fresh.LogId, fresh.KindVersion, fresh.CanonicalizedBody
	e.InclusionPromise, e.InclusionProof = fresh.InclusionPromise, fresh.InclusionProof
}
