package world

import (
	"bytes"
	"compress/gzip"
	"crypto"
	"encoding/hex"
	"maps"
	"testing/fstest"
)

// Media types of OCI.
const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	indexType    = "application/vnd.oci.image.index.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	emptyType    = "application/vnd.oci.empty.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// An ociLayout is an OCI layout while it is filled.
type ociLayout struct {
	files fstest.MapFS
	index []object
}

func (l *ociLayout) put(path string, data []byte) {
	l.files[path] = &fstest.MapFile{Data: data, Mode: 0o644}
}

// blob stores a blob and returns its descriptor.
func (l *ociLayout) blob(mediaType string, data []byte) object {
	digest := "sha256:" + hexSum(crypto.SHA256, data)
	l.put(blobPath(digest), data)
	return object{"mediaType": mediaType, "digest": digest, "size": len(data)}
}

func blobPath(digest string) string { return "blobs/sha256/" + digest[len("sha256:"):] }

// image stores an image of one empty layer.
func (l *ociLayout) image() object {
	empty := make([]byte, 1024) // a tar archive without files
	layer := l.blob(layerType, gzipped(empty))
	config := l.blob(configType, encodeObject(object{
		"architecture": "amd64", "os": "linux",
		"rootfs": object{"type": "layers", "diff_ids": []string{"sha256:" + hexSum(crypto.SHA256, empty)}},
	}))
	return l.manifest(object{"config": config}, layer)
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	must(z.Write(b))
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// manifest stores a manifest with members beside its layers; without a
// configuration it has one of cosign's.
func (l *ociLayout) manifest(members object, layers ...object) object {
	m := object{"schemaVersion": 2, "mediaType": manifestType, "layers": layers}
	if members["config"] == nil {
		ids := make([]any, 0, len(layers))
		for _, layer := range layers {
			ids = append(ids, layer["digest"])
		}
		m["config"] = l.blob(configType, encodeObject(object{
			"architecture": "", "os": "", "config": object{}, "rootfs": object{"type": "layers", "diff_ids": ids},
		}))
	}
	maps.Copy(m, members)
	return l.blob(manifestType, encodeObject(m))
}

// list puts a manifest into the index, in the way of the carrier.
func (l *ociLayout) list(descriptor object, c Carrier, kind, tag string) {
	entry := maps.Clone(descriptor)
	switch saved := c == CosignSave || c == LooseReferrers; {
	case saved && kind == "":
		return
	case saved:
		entry["annotations"] = object{"kind": kind}
	case tag != "":
		entry["annotations"] = object{"org.opencontainers.image.ref.name": tag}
	}
	l.index = append(l.index, entry)
}

func hexSum(hash crypto.Hash, b []byte) string { return hex.EncodeToString(sum(hash, b)) }
