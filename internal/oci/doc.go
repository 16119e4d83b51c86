// Package oci reads signed evidence about images out of OCI image layouts on
// disk (OCI image specification, image-layout.md): directories, or tar archives
// of them.
//
// Evidence is found in every way that it is kept there: cosign's manifests, told
// by their tag or by the annotation that "cosign save" writes; manifests whose
// subject is an image, listed in the index or lying among the blobs, where
// version 3 of "cosign save" leaves them. Layers are judged by their media type:
// Sigstore bundles, DSSE envelopes, and the documents that cosign signs. Blobs that no
// manifest leads to, and layers of other types that may be evidence all the same, are
// left to the caller, who is told by [Layout.Covers].
//
// Nothing is verified but digests: a manifest or layer that is used has the
// digest by which it is named. That an item is attached to an image is the
// layout's word; what its signature covers says of which image it is.
package oci

// Limits on what is read. A layout may be as large as it likes beside that.
const (
	// MaxManifest bounds a manifest or index, in bytes: registries take no larger
	// ones (OCI distribution specification, "Pushing Manifests").
	MaxManifest = 4 << 20
	// MaxManifests bounds the manifests that are read.
	MaxManifests = 10_000
	// MaxFiles bounds the files of a layout.
	MaxFiles = 200_000
	// MaxEvidence bounds the signed documents of one layout.
	MaxEvidence = 10_000
	// maxLayers bounds the layers of a manifest, and the manifests of an index.
	maxLayers = 4096
	// maxAnnotations bounds the annotations of one descriptor.
	maxAnnotations = 256
	// maxString bounds a media type or digest, in bytes.
	maxString = 1 << 10
	// maxDepth bounds how deep indexes lie within indexes.
	maxDepth = 8
	// maxManifestBytes bounds all manifests together, in bytes.
	maxManifestBytes = 128 << 20
	// maxHeldLayer bounds a layer that is kept in memory, so that it needs no open
	// file, and maxHeld all of them, in bytes. Others stay where they are.
	maxHeldLayer = 256 << 10
	maxHeld      = 64 << 20
)

// The media types and files of a layout.
const (
	typeIndex       = "application/vnd.oci.image.index.v1+json"
	typeManifest    = "application/vnd.oci.image.manifest.v1+json"
	typeDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"
	typeDocker      = "application/vnd.docker.distribution.manifest.v2+json"
	typeEnvelope    = "application/vnd.dsse.envelope.v1+json"
	typeStatement   = "application/vnd.in-toto+json"
	typeJWS         = "application/jose+json" // of Notation (signature-specification.md)
	typeCOSE        = "application/cose"
	typeBundle      = "application/vnd.dev.sigstore.bundle" // the beginning of all of them

	fileLayout = "oci-layout"
	fileIndex  = "index.json"
	dirBlobs   = "blobs/sha256"
)
