// Package bundle reads and writes Sigstore bundles
// (https://github.com/sigstore/protobuf-specs, sigstore_bundle.proto) and reads
// the other shapes that signed evidence comes in: bare DSSE envelopes and JSON
// lines of either.
//
// What is written is a bundle v0.3 that stock cosign verifies: one signature
// without key id, the public key's hint or the leaf certificate alone, and no
// field that the specification does not name. Reading and writing stream, so a
// payload may be larger than memory.
package bundle

// MediaType is the media type of the bundles that are written.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// versionOf returns the version of the bundles with a media type. Both spellings are
// in use for v0.3.
func versionOf(mediaType string) (version string, known bool) {
	switch mediaType {
	case "application/vnd.dev.sigstore.bundle+json;version=0.1":
		return "v0.1", true
	case "application/vnd.dev.sigstore.bundle+json;version=0.2":
		return "v0.2", true
	case "application/vnd.dev.sigstore.bundle+json;version=0.3", MediaType:
		return "v0.3", true
	}
	return "", false
}

// Limits on what is read.
const (
	// MaxOverhead bounds a bundle without its payload, in bytes: log entries,
	// proofs, timestamps and certificates together are well below 1 MiB.
	MaxOverhead = 8 << 20
	// MaxListOverhead bounds a list of attestations without payloads over 1 MiB,
	// in bytes: a hundred of 10 KiB are what registries serve.
	MaxListOverhead = 64 << 20
	// MaxLines bounds the lines of one file of JSON lines.
	MaxLines = 100_000
	// MaxCertificates bounds a certificate chain.
	MaxCertificates = 16
	// MaxCertificateSize bounds one certificate in DER, in bytes.
	MaxCertificateSize = 64 << 10
	// maxMaterial bounds each log entry or timestamp list, in bytes.
	maxMaterial = 4 << 20
	// maxBody bounds the body of a log entry, in bytes: it holds digests,
	// signatures and certificates.
	maxBody = 512 << 10
	// maxString bounds any other string, in bytes.
	maxString = 4 << 10
)
