package world

import (
	"slices"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustpb "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// A Mutation is one change to valid evidence, or to what it is judged by, after
// which it must be refused.
type Mutation struct {
	Name    string
	Refused string  // why it must be refused
	Of      Options // the valid evidence that is changed
	// Accepted is why stock sigstore-go accepts it all the same, "" when it
	// refuses it. These are the named differences.
	Accepted string

	change change
}

// A change is made at one place. Where a part is changed before others are made
// of it, those agree with it: nothing else is wrong.
type change struct {
	making   func(*World, *Options)             // while it is made
	bundle   func(*World, *bundlepb.Bundle)     // when it is made
	json     func([]byte) []byte                // in its encoding
	trust    func(*World, *trustpb.TrustedRoot) // to what is trusted
	evidence func(*World, *Evidence)            // to anything else
}

// Mutations are all of them, by what they are about. Names are unique.
func Mutations() []Mutation {
	return slices.Concat(
		signatureMutations(), certificateMutations(), sctMutations(), privateMutations(),
		entryMutations(), promiseMutations(), proofMutations(), checkpointMutations(), rekorV2Mutations(), cosignatureMutations(),
		timestampMutations(), tokenMutations(), trustMutations(), bundleMutations(), jsonMutations(),
	)
}

// Evidence makes the valid evidence of a mutation and changes it.
func (m Mutation) Evidence(w *World) *Evidence {
	o := w.withDefaults(m.Of)
	demand := w.demand(o)
	if m.change.making != nil {
		m.change.making(w, &o)
	}
	b := w.build(o)
	if m.change.bundle != nil {
		m.change.bundle(w, b)
	}
	raw := encodeJSON(b)
	if m.change.json != nil {
		raw = m.change.json(raw)
	}
	e := w.surround(o, raw)
	e.Demand = demand
	if m.change.trust != nil {
		trust := w.trust()
		m.change.trust(w, trust)
		e.TrustedRoot = encodeJSON(trust)
	}
	if m.change.evidence != nil {
		m.change.evidence(w, e)
	}
	return e
}

// making is a change to how evidence is made.
func making(f func(*deviation)) change {
	return change{making: func(_ *World, o *Options) { f(&o.deviation) }}
}

// inEntry is a change to the log entry of a finished bundle.
func inEntry(f func(*World, *rekorpb.TransparencyLogEntry)) change {
	return change{bundle: func(w *World, b *bundlepb.Bundle) { f(w, entryOf(b)) }}
}

// inEnvelope is a change to the envelope of a finished bundle.
func inEnvelope(f func(*dssepb.Envelope)) change {
	return change{bundle: func(_ *World, b *bundlepb.Bundle) { f(b.GetDsseEnvelope()) }}
}

// inProof is a change to the inclusion proof of a finished bundle.
func inProof(f func(*rekorpb.InclusionProof)) change {
	return inEntry(func(_ *World, e *rekorpb.TransparencyLogEntry) { f(e.InclusionProof) })
}

// restamped puts other timestamps into a finished bundle, made of its signature.
func restamped(f func(w *World, signature []byte) [][]byte) change {
	return change{bundle: func(w *World, b *bundlepb.Bundle) {
		b.VerificationMaterial.TimestampVerificationData = timestamps(f(w, signatureOf(b))...)
	}}
}

func entryOf(b *bundlepb.Bundle) *rekorpb.TransparencyLogEntry {
	return b.VerificationMaterial.TlogEntries[0]
}

func signatureOf(b *bundlepb.Bundle) []byte {
	if m := b.GetMessageSignature(); m != nil {
		return m.Signature
	}
	return b.GetDsseEnvelope().Signatures[0].Sig
}

// stampOf is the response that a bundle has.
func stampOf(b *bundlepb.Bundle) *commonpb.RFC3161SignedTimestamp {
	return b.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0]
}

// flipped is bytes with one bit turned, at a place counted from the end.
func flipped(b []byte, fromEnd int) []byte {
	changed := slices.Clone(b)
	changed[len(changed)-1-fromEnd] ^= 1
	return changed
}
