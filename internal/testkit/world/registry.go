package world

import (
	"crypto"
	"encoding/json/jsontext"

	"google.golang.org/protobuf/encoding/protojson"
)

// Predicate types of package registries.
const (
	npmPublish  = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1"
	pypiPublish = "https://docs.pypi.org/attestations/publish/v1"
	provenance  = "https://slsa.dev/provenance/v1"
)

// NPM is what npm's registry serves of a package at "/-/npm/v1/attestations/": its
// own statement, signed by its key, and the provenance, signed keyless. Both name
// the tarball by SHA-512.
func (w *World) NPM(tarball []byte) []byte {
	digest := digests{"sha512": crypto.SHA512}
	publish := w.Bundle(Options{
		Version: V02, Signer: Key, Entry: Intoto, NoTimestamp: true, Artifact: tarball,
		Payload: statement("https://in-toto.io/Statement/v0.1", "pkg:npm/%40world/app@1.0.0", npmPublish, tarball, digest,
			object{"name": "@world/app", "version": "1.0.0", "registry": "https://registry.npmjs.org"}),
	})
	built := w.Bundle(Options{
		Version: V02, Entry: Intoto, NoTimestamp: true, Artifact: tarball,
		Payload: statement("https://in-toto.io/Statement/v1", "pkg:npm/%40world/app@1.0.0", provenance, tarball, digest, object{}),
	})
	return encodeObject(object{"attestations": []object{
		{"predicateType": npmPublish, "bundle": jsontext.Value(publish)},
		{"predicateType": provenance, "bundle": jsontext.Value(built)},
	}})
}

// GitHub is what GitHub's API lists of an artifact at
// "/repos/{owner}/{repo}/attestations/{digest}", one bundle for each of the
// options.
func (w *World) GitHub(options ...Options) []byte {
	list := make([]object, 0, len(options))
	for _, o := range options {
		list = append(list, object{
			"bundle": jsontext.Value(w.Bundle(o)), "repository_id": 4711, "bundle_url": "https://bundles.world.test/1",
		})
	}
	return encodeObject(object{"attestations": list})
}

// PyPIAttestation is an attestation object of PEP 740 about a distribution file.
func (w *World) PyPIAttestation(name string, file []byte) []byte {
	o := w.withDefaults(Options{
		NoTimestamp: true, Artifact: file,
		Payload: statement("https://in-toto.io/Statement/v1", name, pypiPublish, file, digests{"sha256": crypto.SHA256}, nil),
	})
	p := w.make(o)
	entry := jsontext.Value(must(protojson.Marshal(p.entry)))
	return encodeObject(object{
		"version": 1,
		"verification_material": object{
			"certificate":          p.signed.chain[0].Raw,
			"transparency_entries": []jsontext.Value{entry},
		},
		"envelope": object{"statement": p.signed.payload, "signature": p.signed.signature},
	})
}

// PyPIProvenance is the provenance object of PEP 740 that an index serves: its
// attestations, by publisher.
func (w *World) PyPIProvenance(name string, file []byte) []byte {
	publisher := object{
		"kind": "GitHub", "claims": nil, "repository": "world/app", "workflow": "release.yml", "environment": nil,
	}
	return encodeObject(object{"version": 1, "attestation_bundles": []object{{
		"publisher":    publisher,
		"attestations": []jsontext.Value{w.PyPIAttestation(name, file)},
	}}})
}

// digests are the names under which a statement holds digests of an artifact.
type digests map[string]crypto.Hash

// statement is an in-toto statement about one artifact.
func statement(kind, name, predicateType string, artifact []byte, by digests, predicate any) []byte {
	set := object{}
	for algorithm, hash := range by {
		set[algorithm] = hexSum(hash, artifact)
	}
	return encodeObject(object{
		"_type": kind, "subject": []object{{"name": name, "digest": set}},
		"predicateType": predicateType, "predicate": predicate,
	})
}
