package world

import (
	"strings"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

const (
	rebuildsEntry  = "it makes the entry anew of the bundle, and does not read the one that is there"
	usesCheckpoint = "of Rekor version 2 it reads the checkpoint alone, and not what the proof repeats of it"
)

// rekorV2Mutations are about Rekor version 2.
func rekorV2Mutations() []Mutation {
	logged, message := Options{Log: LogV2}, Options{Log: LogV2, Content: Message}
	return []Mutation{
		{
			Name: "v2-without-timestamp", Refused: "the log tells no time, and no other time is there", Of: logged,
			change: change{
				bundle:   func(_ *World, b *bundlepb.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil },
				evidence: func(_ *World, e *Evidence) { e.Demand.Timestamps = 0 },
			},
		},
		{
			Name: "v2-claims-a-time", Refused: "nobody signed the entry's time, and no other time is there", Of: logged,
			change: change{
				bundle: func(w *World, b *bundlepb.Bundle) {
					b.VerificationMaterial.TimestampVerificationData = nil
					entryOf(b).IntegratedTime = w.Clock.Now().Unix()
				},
				evidence: func(_ *World, e *Evidence) { e.Demand.Timestamps = 0 },
			},
		},
		{
			Name: "v2-proof-missing", Refused: "nothing proves that the entry is in the log", Of: logged,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.InclusionProof = nil }),
		},
		{
			Name: "v2-promise-instead", Refused: "a log of version 2 promises nothing", Of: logged,
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
				e.IntegratedTime = w.Clock.Now().Unix()
				w.Rekor.promise(e)
			}),
		},
		{
			Name: "v2-entry-of-other-signature", Refused: "the entry is of another signature by the same key", Of: logged,
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.signature = flipped(s.signature, 0) } }),
		},
		{
			Name: "v2-entry-of-other-certificate", Refused: "the entry is of another certificate of the same identity", Of: logged,
			change: change{making: func(w *World, o *Options) {
				other := w.sign(w.withDefaults(Options{}))
				o.deviation.logged = func(s *signed) { s.chain = other.chain }
			}},
		},
		{
			Name: "v2-entry-of-other-payload", Refused: "the entry is of another payload", Of: logged,
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.digest = flipped(s.digest, 0) } }),
		},
		{
			Name: "v2-entry-of-other-artifact", Refused: "the entry is of another artifact", Of: message,
			change: making(func(d *deviation) { d.logged = func(s *signed) { s.digest = flipped(s.digest, 0) } }),
		},
		{
			Name: "v2-body-altered", Refused: "the entry in the bundle is not the one in the log", Of: logged,
			Accepted: rebuildsEntry,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) {
				e.CanonicalizedBody = []byte(strings.Replace(string(e.CanonicalizedBody), `"digest":"`, `"digest":"AAAA`, 1))
			}),
		},
		{
			Name: "v2-kind-wrong", Refused: "the bundle calls the entry by another type than it has", Of: logged,
			Accepted: "it compares what the bundle says with itself, and reads the entry",
			change:   inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.KindVersion.Kind = "dsse" }),
		},
		{
			Name: "v2-index-wrong", Refused: "the entry stands elsewhere in the tree", Of: logged,
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.LogIndex ^= 1 }),
		},
		{
			Name: "v2-proof-index-wrong", Refused: "the proof says another index than the entry", Of: logged,
			Accepted: usesCheckpoint,
			change:   inProof(func(p *rekorpb.InclusionProof) { p.LogIndex ^= 1 }),
		},
		{
			Name: "v2-proof-size-wrong", Refused: "the proof says another size than the checkpoint", Of: logged,
			Accepted: usesCheckpoint,
			change:   inProof(func(p *rekorpb.InclusionProof) { p.TreeSize++ }),
		},
		{
			Name: "v2-proof-root-wrong", Refused: "the proof says another root than the checkpoint", Of: logged,
			Accepted: usesCheckpoint,
			change:   inProof(func(p *rekorpb.InclusionProof) { p.RootHash = flipped(p.RootHash, 0) }),
		},
		{
			Name: "v2-proof-hash-wrong", Refused: "the proof does not lead to the root", Of: logged,
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes[0] = flipped(p.Hashes[0], 0) }),
		},
		{
			Name: "v2-entry-of-unknown-log", Refused: "the log is not trusted; it looks the same", Of: logged,
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
				fresh := w.Stranger().RekorV2.add(body{"hashedrekord", "0.0.2", e.CanonicalizedBody}, w.Clock.Now())
				e.LogId, e.LogIndex, e.InclusionProof = fresh.LogId, fresh.LogIndex, fresh.InclusionProof
			}),
		},
		{
			Name: "v2-checkpoint-by-other-key", Refused: "another key signed the checkpoint", Of: logged,
			change: checkpointBy(func(w *World, where place) string { return w.Stranger().RekorV2.checkpoint(where, w.Clock.Now()) }),
		},
		{
			Name: "v2-checkpoint-hint-wrong", Refused: "the signature is the log's, its key hint another's", Of: logged,
			change: checkpointBy(func(w *World, where place) string {
				key := ed25519NoteKey(w.RekorV2.origin, w.RekorV2.key)
				key.hint++
				return signNote(checkpoint(w.RekorV2.origin, where), key)
			}),
		},
		{
			Name: "v2-checkpoint-by-other-name", Refused: "the log signed under another name", Of: logged,
			change: checkpointBy(func(w *World, where place) string {
				return signNote(checkpoint(w.RekorV2.origin, where), ed25519NoteKey("rekor.evil.test", w.RekorV2.key))
			}),
		},
		{
			Name: "v2-checkpoint-of-other-origin", Refused: "the tree head is of another log that has the same key", Of: logged,
			change: checkpointBy(func(w *World, where place) string {
				return signNote(checkpoint("rekor.evil.test", where), ed25519NoteKey(w.RekorV2.origin, w.RekorV2.key))
			}),
		},
		{
			Name: "v2-checkpoint-of-other-root", Refused: "the log signed another root", Of: logged,
			change: checkpointBy(func(w *World, where place) string {
				where.root = flipped(where.root, 0)
				return w.RekorV2.checkpoint(where, w.Clock.Now())
			}),
		},
		{
			Name: "v2-checkpoint-by-witnesses-only", Refused: "witnesses signed the checkpoint, the log did not",
			Of: Options{Log: LogV2, Cosignatures: 2},
			change: checkpointBy(func(w *World, where place) string {
				return signNote(checkpoint(w.RekorV2.origin, where), w.Witnesses[0].cosign(w.Clock.Now()), w.Witnesses[1].cosign(w.Clock.Now()))
			}),
		},
		{
			Name: "v2-log-of-other-url", Refused: "the checkpoint's origin is not the log that is trusted", Of: logged,
			change: change{trust: func(_ *World, t *trustpb.TrustedRoot) { t.Tlogs[1].BaseUrl = "https://rekor.evil.test" }},
		},
	}
}
