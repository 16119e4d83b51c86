package export

import (
	"bytes"
	"context"
	"encoding/base64"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

// Output is a file that is written into an export.
type Output struct {
	Name    string
	Content []byte
}

// Seal signs the manifest, and the provenance as the message that the second signer is to
// see. It returns what is to be written, in an order in which no signature is there before
// what it is about.
func (e *Export) Seal(ctx context.Context, manifest dsse.Signer, provenance dsse.Message, second dsse.Signer) ([]Output, error) {
	var blob, attestation, statement bytes.Buffer
	content, err := input.FromBytes(ManifestName, e.Manifest).Content()
	if err != nil {
		return nil, err
	}
	if err := bundle.WriteBlob(ctx, &blob, content, manifest); err != nil {
		return nil, err
	}
	if _, err := bundle.Write(ctx, &attestation, provenance, second); err != nil {
		return nil, err
	}
	if _, err := e.Provenance.Message.WriteTo(&statement); err != nil {
		return nil, err
	}
	items, _, err := bundle.Read(input.FromBytes(ManifestBundle, blob.Bytes()))
	if err != nil {
		return nil, err
	}
	signature, err := detached(items)
	if err != nil {
		return nil, err
	}
	return []Output{
		{ScriptName, e.Script}, {ChecksumsName, e.Checksums},
		{ManifestName, e.Manifest}, {ManifestBundle, blob.Bytes()}, {ManifestSig, signature},
		{ProvenanceName, statement.Bytes()}, {ProvenanceBundle, attestation.Bytes()},
	}, nil
}

// detached returns the signature in the bundle of a manifest as cosign writes it into a
// file of its own: in base64, with an end of line. items are what was read in the bundle,
// which must be one signature over bare bytes; the error is export.mismatch.
func detached(items []bundle.Item) ([]byte, error) {
	if len(items) != 1 || items[0].Blob == nil {
		return nil, fault.New(fault.ExportMismatch, "%s is not one signature over %s", ManifestBundle, ManifestName).With("path", ManifestBundle)
	}
	return append(base64.StdEncoding.AppendEncode(nil, items[0].Blob.Signature), '\n'), nil
}
