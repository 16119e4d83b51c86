// Package promotion assembles and judges promotions: signed statements that an image
// went from one environment to the next, and on what evidence
// (docs/formats/promotion.md).
//
// [Assemble] builds the predicate from the image, the evidence and the step. It
// refuses evidence that is about another image or that does not verify. [Verify]
// judges a promotion together with everything that it names, and returns one report:
// who promoted, on what, and whether each attestation that is named is there and good.
//
// References bind by the digest of the payload. The digest of an envelope, which is
// named beside it, identifies it and binds nothing: other signatures may have been
// added since.
package promotion

const (
	// MaxEvidence bounds the envelopes among which the ones that are named are looked
	// for.
	MaxEvidence = 10_000
	// MaxIgnored bounds what is passed over among them because it is no evidence.
	MaxIgnored = 100_000
	// MaxChain bounds the steps of one chain.
	MaxChain = 64
	// maxHeld bounds a file of evidence that is kept in memory instead of open, in
	// bytes.
	maxHeld = 1 << 20
	// maxOpen bounds the files that are open at once because they are larger.
	maxOpen = 256
	// maxPredicate bounds a document that is taken out of its attestation, in bytes.
	maxPredicate = 256 << 20
)
