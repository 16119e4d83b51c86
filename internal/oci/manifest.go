package oci

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/strictjson"
)

// descriptor points to a blob (OCI image specification, descriptor.md).
type descriptor struct {
	mediaType   string
	digest      string
	size        int64
	annotations map[string]string
}

// manifest is what counts of an image manifest or an index (manifest.md,
// image-index.md).
type manifest struct {
	mediaType string
	config    descriptor // empty if there is none
	layers    []descriptor
	manifests []descriptor // of an index
	subject   string       // digest of what it is about; may be empty
	size      int64        // of its text, in bytes
}

// parseManifest reads a manifest or an index. Members that are not known are
// ignored, as the specification demands.
func parseManifest(b []byte) (*manifest, error) {
	m := &manifest{size: int64(len(b))}
	var version int64
	err := decode(b, func(d *strictjson.Decoder) error {
		return d.Object([]string{"schemaVersion", "mediaType", "config", "layers", "manifests", "subject"}, func(name string) error {
			var err error
			switch name {
			case "schemaVersion":
				version, err = d.Int64()
			case "mediaType":
				m.mediaType, err = d.String(maxString)
			case "config":
				m.config, err = decodeDescriptor(d)
			case "layers":
				m.layers, err = decodeDescriptors(d)
			case "manifests":
				m.manifests, err = decodeDescriptors(d)
			default:
				var subject descriptor
				subject, err = decodeDescriptor(d)
				m.subject = subject.digest
			}
			return err
		})
	})
	if err == nil && version != 2 {
		err = errors.New("schemaVersion is not 2")
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func decodeDescriptors(d *strictjson.Decoder) ([]descriptor, error) {
	var list []descriptor
	err := d.Array(maxLayers, func(i int) error {
		one, err := decodeDescriptor(d)
		if err != nil {
			return fmt.Errorf("descriptor %d: %w", i+1, err)
		}
		list = append(list, one)
		return nil
	})
	return list, err
}

func decodeDescriptor(d *strictjson.Decoder) (descriptor, error) {
	var out descriptor
	err := d.Object([]string{"mediaType", "digest", "size", "annotations"}, func(name string) error {
		var err error
		switch name {
		case "mediaType":
			out.mediaType, err = d.String(maxString)
		case "digest":
			out.digest, err = d.String(maxString)
		case "size":
			out.size, err = d.Int64()
		default:
			if !d.Null() {
				out.annotations, err = decodeAnnotations(d)
			}
		}
		return err
	})
	if err == nil && (out.mediaType == "" || out.digest == "" || out.size < 0) {
		err = errors.New("media type, digest or size is missing")
	}
	return out, err
}

func decodeAnnotations(d *strictjson.Decoder) (map[string]string, error) {
	out := make(map[string]string)
	err := d.Members(nil, func(name string) error {
		if len(out) == maxAnnotations {
			return fmt.Errorf("more than %d annotations", maxAnnotations)
		}
		var err error
		out[name], err = d.String(MaxManifest)
		return err
	})
	return out, err
}

// decode reads one small document that is all of b.
func decode(b []byte, read func(*strictjson.Decoder) error) error {
	d := strictjson.NewDecoder(bytes.NewReader(b), 0, int64(len(b)), MaxManifest)
	if err := read(d); err != nil {
		return err
	}
	return d.End()
}
