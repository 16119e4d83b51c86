package bundle

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// maxPEP740Statement bounds the statement of a PEP 740 attestation, in bytes.
// Those of PyPI are below 1 KiB.
const maxPEP740Statement = 512 << 10

// decodeProvenance reads a provenance object of a package index (PEP 740,
// "Provenance objects"): lists of attestations, each with the publisher that the
// index says they are from. Its word is passed over; the certificates tell.
func decodeProvenance(d *strictjson.Decoder) ([]Item, error) {
	var items []Item
	var version bool
	err := d.Object([]string{"version", "attestation_bundles"}, func(name string) error {
		if name == "version" {
			version = true
			return decodePEP740Version(d)
		}
		return d.Array(MaxAttestations, func(int) error {
			return d.Object([]string{"publisher", "attestations"}, func(name string) error {
				if name == "publisher" {
					return d.Skip()
				}
				return decodePEP740List(d, &items)
			})
		})
	})
	if err == nil && !version {
		err = errors.New(`member "version" is missing`)
	}
	return atLeastOne(items, err)
}

func decodePEP740List(d *strictjson.Decoder, items *[]Item) error {
	return d.Array(MaxAttestations, func(int) error {
		at := len(*items)
		if at == MaxAttestations {
			return fmt.Errorf("more than %d attestations", MaxAttestations)
		}
		item, err := decodePEP740(d)
		if err != nil {
			return inPart(at, err)
		}
		item.Part, item.Shape = part(at), item.Shape+", in a provenance object"
		*items = append(*items, item)
		return nil
	})
}

// decodePEP740 reads an attestation object (PEP 740, "Attestation objects"),
// which may have further members. Its signature is that of a DSSE envelope
// around the statement.
func decodePEP740(d *strictjson.Decoder) (Item, error) {
	item := Item{Shape: "PEP 740 attestation"}
	known := []string{"version", "verification_material", "envelope"}
	seen := make(map[string]bool)
	err := d.Object(known, func(name string) error {
		seen[name] = true
		var err error
		switch name {
		case "version":
			return decodePEP740Version(d)
		case "verification_material":
			err = decodePEP740Material(d, &item.Material)
		default:
			item.Envelope, err = decodePEP740Envelope(d)
		}
		if err != nil {
			return fault.Wrap(reasonOr(err, fault.BundleMalformed), err, "%s", name)
		}
		return nil
	})
	for _, name := range known {
		if err == nil && !seen[name] {
			err = fmt.Errorf("member %q is missing", name)
		}
	}
	return item, err
}

func decodePEP740Version(d *strictjson.Decoder) error {
	n, err := d.Int64()
	if err == nil && n != 1 {
		err = fault.New(fault.BundleVersion, "unknown version %d of PEP 740 objects; there is only version 1", n)
	}
	return err
}

func decodePEP740Material(d *strictjson.Decoder, m *Material) error {
	err := d.Object([]string{"certificate", "transparency_entries"}, func(name string) error {
		if name == "certificate" {
			der, err := d.Bytes(MaxCertificateSize)
			m.Certificates = [][]byte{der}
			return err
		}
		return decodeLogEntries(d, m)
	})
	if err == nil && (len(m.Certificates) == 0 || len(m.LogEntries) == 0) {
		err = errors.New("certificate or transparency entries are missing")
	}
	return err
}

// decodeLogEntries reads an array of TransparencyLogEntry as they stand.
func decodeLogEntries(d *strictjson.Decoder, m *Material) error {
	return d.Array(maxLogEntries, func(int) error {
		if d.Kind() != jsontext.KindBeginObject {
			return errors.New("a log entry is not an object")
		}
		v, err := d.Raw(maxMaterial)
		m.LogEntries = append(m.LogEntries, v)
		return err
	})
}

func decodePEP740Envelope(d *strictjson.Decoder) (*dsse.Envelope, error) {
	var statement, signature []byte
	err := d.Object([]string{"statement", "signature"}, func(name string) error {
		var err error
		if name == "statement" {
			statement, err = d.Bytes(maxPEP740Statement)
		} else {
			signature, err = d.Bytes(dsse.MaxSignatureSize)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(statement) == 0:
		return nil, errors.New("statement is missing or empty")
	case len(signature) == 0:
		return nil, fault.New(fault.SignatureMissing, "the attestation holds no signature")
	}
	return dsse.NewEnvelope(dsse.PayloadTypeInToto, dsse.Bytes(statement), dsse.Signature{Sig: signature})
}
