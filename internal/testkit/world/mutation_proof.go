package world

import (
	"slices"
	"time"

	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// proofMutations are about the inclusion proof of Rekor version 1.
func proofMutations() []Mutation {
	return slices.Concat(proofPartMutations(), logWindowMutations())
}

func proofPartMutations() []Mutation {
	return []Mutation{
		{
			Name: "proof-missing", Refused: "versions from 0.2 on demand the inclusion proof",
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.InclusionProof = nil }),
		},
		{
			Name: "proof-hash-wrong", Refused: "the proof does not lead to the root",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes[0] = flipped(p.Hashes[0], 0) }),
		},
		{
			Name: "proof-hash-missing", Refused: "the proof is too short for the tree",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes = p.Hashes[1:] }),
		},
		{
			Name: "proof-hash-too-many", Refused: "the proof is too long for the tree",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes = append(p.Hashes, p.Hashes[0]) }),
		},
		{
			Name: "proof-hash-short", Refused: "a hash of the proof is no SHA-256",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes[0] = p.Hashes[0][:31] }),
		},
		{
			Name: "proof-hashes-swapped", Refused: "the proof's hashes stand in another order",
			change: inProof(func(p *rekorpb.InclusionProof) { p.Hashes[0], p.Hashes[1] = p.Hashes[1], p.Hashes[0] }),
		},
		{
			Name: "proof-root-wrong", Refused: "the root is not the checkpoint's",
			change: inProof(func(p *rekorpb.InclusionProof) { p.RootHash = flipped(p.RootHash, 0) }),
		},
		{
			Name: "proof-size-wrong", Refused: "the tree's size is not the checkpoint's",
			change: inProof(func(p *rekorpb.InclusionProof) { p.TreeSize *= 2 }),
		},
		{
			Name: "proof-size-negative", Refused: "a tree has no negative size",
			change: inProof(func(p *rekorpb.InclusionProof) { p.TreeSize = -1 }),
		},
		{
			Name: "proof-index-wrong", Refused: "the entry stands elsewhere in the tree",
			change: inProof(func(p *rekorpb.InclusionProof) { p.LogIndex ^= 1 }),
		},
		{
			Name: "proof-index-too-large", Refused: "the tree is smaller than the index",
			change: inProof(func(p *rekorpb.InclusionProof) { p.LogIndex = p.TreeSize }),
		},
		{
			Name: "proof-index-negative", Refused: "an entry has no negative index",
			change: inProof(func(p *rekorpb.InclusionProof) { p.LogIndex = -1 }),
		},
		{
			Name: "log-index-negative", Refused: "an entry has no negative index",
			change: inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { e.LogIndex = -1 }),
		},
		{
			Name: "proof-of-other-entry", Refused: "the proof is of another entry of the log",
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
				other := w.Rekor.add(body{"dsse", "0.0.1", []byte("{}")}, time.Unix(e.IntegratedTime, 0))
				e.InclusionProof = other.InclusionProof
			}),
		},
		{
			Name: "proof-of-other-log", Refused: "the proof is of a log that is not trusted; it looks the same",
			change: inEntry(func(w *World, e *rekorpb.TransparencyLogEntry) {
				b := body{e.KindVersion.Kind, e.KindVersion.Version, e.CanonicalizedBody}
				e.InclusionProof = w.Stranger().Rekor.add(b, time.Unix(e.IntegratedTime, 0)).InclusionProof
			}),
		},
	}
}
