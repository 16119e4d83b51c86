//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// layerSize is the size of a layer in bytes; the last one may be smaller.
const layerSize = 50 * megabyte

// descriptor is what an OCI layout says of a blob.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

// The media types of an image.
const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	configType   = "application/vnd.oci.image.config.v1+json"
	layerType    = "application/vnd.oci.image.layer.v1.tar"
)

// writeLayout writes an OCI layout with one image of size bytes. Its layers are by
// turns noise, as those are that were compressed before, and text as of SBOMs, of
// which a compressor leaves a small part. They are the same bytes each time.
func writeLayout(dir string, size int64) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o700); err != nil {
		return err
	}
	config, err := writeBlob(blobs, configType, func(w io.Writer) error {
		_, err := io.WriteString(w, `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`)
		return err
	})
	if err != nil {
		return err
	}
	layers := []descriptor{}
	for i := 0; size > 0; i++ {
		n := min(size, layerSize)
		layer, err := writeBlob(blobs, layerType, func(w io.Writer) error { return writeLayer(w, i, n) })
		if err != nil {
			return err
		}
		layers, size = append(layers, layer), size-n
	}
	manifest, err := writeBlob(blobs, manifestType, func(w io.Writer) error {
		return json.MarshalWrite(w, map[string]any{"schemaVersion": 2, "mediaType": manifestType, "config": config, "layers": layers}, json.Deterministic(true))
	})
	if err != nil {
		return err
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": indexType, "manifests": []descriptor{manifest}}, json.Deterministic(true))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "index.json"), index, 0o600),
		os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o600))
}

// writeBlob writes what fill does to a file that is called by its digest.
func writeBlob(dir, mediaType string, fill func(io.Writer) error) (descriptor, error) {
	unnamed := filepath.Join(dir, "unnamed")
	f, err := os.Create(unnamed) // #nosec G304 -- in a directory of our own
	if err != nil {
		return descriptor{}, err
	}
	h := &hashing{Hash: sha256.New()}
	if err := errors.Join(fill(io.MultiWriter(f, h)), f.Close()); err != nil {
		return descriptor{}, err
	}
	sum := hex.EncodeToString(h.Sum(nil))
	return descriptor{mediaType, "sha256:" + sum, h.n}, os.Rename(unnamed, filepath.Join(dir, sum))
}

// hashing counts what it hashes.
type hashing struct {
	hash.Hash
	n int64
}

// Write implements io.Writer.
func (h *hashing) Write(p []byte) (int, error) {
	n, err := h.Hash.Write(p)
	h.n += int64(n)
	return n, err
}

// writeLayer writes the i-th layer.
func writeLayer(w io.Writer, i int, size int64) error {
	if i%2 == 1 {
		return writeText(w, i, size)
	}
	seed := sha256.Sum256(fmt.Appendf(nil, "layer %d", i))
	_, err := io.CopyN(w, rand.NewChaCha8(seed), size)
	return err
}

// writeText writes the components of an SBOM, none of which is in another layer.
func writeText(w io.Writer, layer int, size int64) error {
	for i := layer * layerSize; size > 0; i++ {
		text := component(i)
		text = text[:min(int64(len(text)), size)]
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		size -= int64(len(text))
	}
	return nil
}

// writeFiles writes n small files, a hundred to a directory.
func writeFiles(dir string, n int) error {
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("%04d", i/100))
		if i%100 == 0 {
			if err := os.MkdirAll(sub, 0o700); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("%02d.json", i%100)), []byte(component(i+1)), 0o600); err != nil {
			return err
		}
	}
	return nil
}
