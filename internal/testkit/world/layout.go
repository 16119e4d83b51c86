package world

import (
	"crypto"
	"encoding/base64"
	"fmt"
	"testing/fstest"
)

// A Carrier is how an OCI layout holds the evidence about an image.
type Carrier int

const (
	// Tags are cosign's manifests sha256-HEX.sig and sha256-HEX.att, as a registry
	// has them and a plain copy keeps them.
	Tags Carrier = iota
	// CosignSave is what "cosign save" of version 2 writes: the same manifests,
	// which the index tells apart by the annotation "kind".
	CosignSave
	// Referrers are manifests of OCI 1.1 whose subject is the image, each with one
	// Sigstore bundle, listed in the index.
	Referrers
	// LooseReferrers is what "cosign save" of version 3 leaves: the same manifests
	// among the blobs, and in the index nothing but the image.
	LooseReferrers
)

// Media and predicate types of cosign.
const (
	simpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json"
	dsseType          = "application/vnd.dsse.envelope.v1+json"
	cosignSign        = "https://sigstore.dev/cosign/sign/v1"
)

// Layout is an OCI layout (image-layout.md of OCI's image specification) that
// holds an image, a signature and an attestation of it. The digest is the image's,
// as "sha256:HEX". The options' content and artifact are not used. Write it to a
// disk with [os.CopyFS].
func (w *World) Layout(c Carrier, o Options) (layout fstest.MapFS, digest string) {
	l := &ociLayout{files: fstest.MapFS{}}
	image := l.image()
	digest = fmt.Sprint(image["digest"])
	l.list(image, c, "dev.cosignproject.cosign/image", "latest")
	o.Artifact = l.files[blobPath(digest)].Data
	if c == Tags || c == CosignSave {
		tag := "sha256-" + digest[len("sha256:"):]
		l.list(l.manifest(nil, w.simpleSigning(l, digest, o)), c, "dev.cosignproject.cosign/sigs", tag+".sig")
		l.list(l.manifest(nil, w.envelopeLayer(l, o)), c, "dev.cosignproject.cosign/atts", tag+".att")
	} else {
		for _, predicate := range []string{cosignSign, provenance} {
			l.list(w.referrer(l, image, predicate, o), c, "", "")
		}
	}
	l.put("oci-layout", encodeObject(object{"imageLayoutVersion": "1.0.0"}))
	l.put("index.json", encodeObject(object{"schemaVersion": 2, "mediaType": indexType, "manifests": l.index}))
	return l.files, digest
}

// simpleSigning is a layer as "cosign sign" made it: a payload that names the
// image, its signature in an annotation.
func (w *World) simpleSigning(l *ociLayout, image string, o Options) object {
	o.Content = Message
	o.Artifact = encodeObject(object{
		"critical": object{
			"identity": object{"docker-reference": "registry.world.test/app"},
			"image":    object{"docker-manifest-digest": image},
			"type":     "cosign container image signature",
		},
		"optional": nil,
	})
	o = w.withDefaults(o)
	p := w.make(o)
	layer := l.blob(simpleSigningType, o.Artifact)
	layer["annotations"] = p.annotations(base64.StdEncoding.EncodeToString(p.signed.signature))
	return layer
}

// envelopeLayer is a layer as "cosign attest" made it: an envelope. The timestamp
// is over all of it, not over its signature.
func (w *World) envelopeLayer(l *ociLayout, o Options) object {
	o.Content = Statement
	o.deviation.stamped = envelopeJSON
	p := w.make(w.withDefaults(o))
	layer := l.blob(dsseType, envelopeJSON(p.signed))
	annotations := p.annotations("")
	annotations["predicateType"] = provenance
	layer["annotations"] = annotations
	return layer
}

// annotations are how cosign keeps proofs beside a layer.
func (p parts) annotations(signature string) object {
	a := object{"dev.cosignproject.cosign/signature": signature}
	if chain := p.signed.chain; len(chain) > 0 {
		a["dev.sigstore.cosign/certificate"] = string(CertificatePEM(chain[0]))
		a["dev.sigstore.cosign/chain"] = string(CertificatePEM(chain[1:]...))
	}
	if p.entry != nil {
		a["dev.sigstore.cosign/bundle"] = string(encodeObject(cosignEntry(p.entry)))
	}
	if p.response != nil {
		a["dev.sigstore.cosign/rfc3161timestamp"] = string(encodeObject(object{"SignedRFC3161Timestamp": p.response}))
	}
	return a
}

// referrer is a manifest as cosign of version 3 makes it, whose layer is a bundle.
func (w *World) referrer(l *ociLayout, image object, predicateType string, o Options) object {
	o.Content = Statement
	o.Payload = statement("https://in-toto.io/Statement/v1", "", predicateType, o.Artifact, digests{"sha256": crypto.SHA256}, object{})
	layer := l.blob(V03.mediaType(), w.Bundle(o))
	return l.manifest(object{
		"artifactType": V03.mediaType(),
		"config":       l.blob(emptyType, []byte("{}")),
		"subject":      image,
		"annotations": object{
			"org.opencontainers.image.created":  w.Clock.Now().Format("2006-01-02T15:04:05Z07:00"),
			"dev.sigstore.bundle.content":       "dsse-envelope",
			"dev.sigstore.bundle.predicateType": predicateType,
		},
	}, layer)
}
