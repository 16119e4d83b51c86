// Package export describes a directory so that it can be handed on and verified with
// stock tools: a manifest of its files, their checksums, how they were put together, and
// a script (docs/formats/export.md).
//
// The manifest is what is signed. It names every file by digest, and the file of
// checksums, which so is signed as well. The provenance is an in-toto statement about the manifest.
// Nothing is taken on trust from the export itself: neither key nor script.
//
// Build describes and Seal signs; Open reads the signatures for package verify, and Judge
// adds to its report whether the files are those of the manifest.
package export

// The files that are written into an export. All but the script are not in the manifest.
const (
	ManifestName     = "export.json"
	ManifestBundle   = ManifestName + ".sigstore.json"
	ManifestSig      = ManifestName + ".sig"
	ProvenanceName   = "provenance.json"
	ProvenanceBundle = "provenance.sigstore.json"
	ChecksumsName    = "checksums.txt"
	ScriptName       = "verify.sh"
)

// Format is the format string of a manifest. It changes when a reader of this version
// could misread one.
const Format = "stella.ops/export@v1"

// BuildType says in the provenance what the parameters mean.
const BuildType = "https://stella.ops/build/export/v1"

// BuilderID is who is answerable in the provenance, unless somebody else is named.
const BuilderID = "https://stella.ops/stella"

const (
	// MaxFiles bounds the files of an export.
	MaxFiles = 100_000
	// MaxManifest bounds a manifest, in bytes: that many files with names of the usual
	// length.
	MaxManifest = 64 << 20
	// maxName bounds the path of a file, in bytes.
	maxName = 1024
)

// Written are the files that are not in the manifest, because they are about it.
func Written() []string {
	return []string{ManifestName, ManifestBundle, ManifestSig, ProvenanceName, ProvenanceBundle, ChecksumsName}
}
