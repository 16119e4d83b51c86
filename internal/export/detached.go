package export

import (
	"encoding/base64"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
)

// Detached returns the signature in the bundle of a manifest as cosign writes it into a
// file of its own: in base64, with an end of line. items are what was read in the bundle,
// which must be one signature over bare bytes; the error is export.mismatch.
func Detached(items []bundle.Item) ([]byte, error) {
	if len(items) != 1 || items[0].Blob == nil {
		return nil, fault.New(fault.ExportMismatch, "%s is not one signature over %s", ManifestBundle, ManifestName).With("path", ManifestBundle)
	}
	return append(base64.StdEncoding.AppendEncode(nil, items[0].Blob.Signature), '\n'), nil
}
