package bundle

import (
	"bytes"
	"errors"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// The annotations in which cosign keeps what belongs to a signature or an
// attestation of an image (cosign, specs/SIGNATURE_SPEC.md).
const (
	annotationSignature   = "dev.cosignproject.cosign/signature"
	annotationCertificate = "dev.sigstore.cosign/certificate"
	annotationChain       = "dev.sigstore.cosign/chain"
	annotationLog         = "dev.sigstore.cosign/bundle"
	annotationTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
)

// ReadImageSignature reads a layer that cosign signed for an image: a document
// that names the image's digest, with its signature in an annotation.
func ReadImageSignature(f *input.File, annotations map[string]string) (Item, error) {
	if f.Size() > MaxSimpleSigning {
		return Item{}, fault.New(fault.InputTooLarge, "the document of an image signature is over the limit of %d bytes", MaxSimpleSigning)
	}
	payload, err := f.ReadAll()
	if err != nil {
		return Item{}, err
	}
	signature, err := strictjson.DecodeBase64(annotations[annotationSignature])
	switch {
	case err != nil || len(signature) > dsse.MaxSignatureSize:
		return Item{}, fault.New(fault.BundleMalformed, "annotation %q is not a signature in base64", annotationSignature)
	case len(signature) == 0:
		return Item{}, fault.New(fault.SignatureMissing, "annotation %q, the signature, is missing", annotationSignature)
	}
	item := Item{Source: f.Name(), Shape: "cosign image signature", Blob: &Blob{Signature: signature, Payload: dsse.Bytes(payload)}}
	return item, item.Material.annotate(annotations)
}

// ReadImageAttestation reads a layer that is an envelope which cosign attached
// to an image. f must stay open.
func ReadImageAttestation(f *input.File, annotations map[string]string) (Item, error) {
	e, err := dsse.ParseEnvelope(f, f.Size())
	if err != nil {
		return Item{}, err
	}
	item := Item{Source: f.Name(), Shape: "cosign image attestation", Envelope: e}
	if err := item.Material.annotate(annotations); err != nil || item.Material.Timestamps == nil {
		return item, err
	}
	item.Material.Stamped, err = readSmall(f, MaxInner)
	return item, err
}

// annotate takes what cosign keeps in annotations. An empty one is none.
func (m *Material) annotate(annotations map[string]string) error {
	readers := []struct {
		annotation string
		read       func([]byte) error
	}{
		{annotationCertificate, m.setSigner},
		{annotationChain, m.appendChain},
		{annotationLog, func(text []byte) error {
			return whole(text, func(d *strictjson.Decoder) error { return decodeRekorBundle(d, m) })
		}},
		{annotationTimestamp, func(text []byte) error {
			response, err := cosignTimestamp(text)
			m.Timestamps = encodeTimestamps([][]byte{response})
			return err
		}},
	}
	for _, r := range readers {
		if text := annotations[r.annotation]; text != "" {
			if err := r.read([]byte(text)); err != nil {
				return fault.Wrap(reasonOr(err, fault.BundleMalformed), err, "annotation %q", r.annotation)
			}
		}
	}
	return nil
}

// appendChain takes the issuers of a certificate that is there.
func (m *Material) appendChain(text []byte) error {
	if len(m.Certificates) == 0 {
		return errors.New("there is a chain and no certificate")
	}
	blocks, err := certificateBlocks(text)
	if err != nil {
		return err
	}
	return m.appendCertificates(blocks)
}

// cosignTimestamp reads the JSON that cosign wraps an RFC 3161 response in.
func cosignTimestamp(text []byte) ([]byte, error) {
	var response []byte
	err := whole(text, func(d *strictjson.Decoder) error {
		return d.ClosedObject([]string{"SignedRFC3161Timestamp"}, func(string) error {
			var err error
			response, err = d.Bytes(MaxTimestampSize)
			return err
		})
	})
	if err == nil && len(response) == 0 {
		err = errors.New("there is no time stamp")
	}
	return response, err
}

// whole reads a small document that is all of text.
func whole(text []byte, read func(*strictjson.Decoder) error) error {
	d := strictjson.NewDecoder(bytes.NewReader(text), 0, int64(len(text)), MaxOverhead)
	if err := read(d); err != nil {
		return err
	}
	return d.End()
}
