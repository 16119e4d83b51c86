// Package forensic keeps the evidence of a case in one snapshot, and judges it.
//
// A snapshot is a tar archive, as it is or compressed by gzip or zstd, or a directory
// with the same files. Its members are, in this order:
//
//	manifest.json        the case and every entry: section, path, SHA-256, size
//	signature.dsse.json  a DSSE envelope over a statement about the manifest
//	checksums.txt        "# root <hex>", then a line for each entry as sha256sum writes it
//	attestations/…       signed evidence
//	timeline.…           the timeline of the case, with its checkpoint and key
//	transparency/…       proofs of transparency logs
//	timestamps/…         RFC 3161 responses
//	files/…              everything else
//	instructions.txt     how to verify the snapshot with stock tools
//
// The order lets a reader judge a stream in one pass: the manifest and its signature
// come first, and entries, checksums and manifest are joined in the order that they
// share, so that none is held in memory.
//
// The Merkle root is over the lines of checksums.txt, each with its line feed, but for
// the first one: by the recipe rfc6962-sha256 the tree hash of RFC 6962, section 2.1,
// with the lines as leaves. The older recipe checksums-sha256, which is read and not
// written, is the SHA-256 of those lines together.
//
// The format is described field by field in docs/formats/snapshot.md.
package forensic
