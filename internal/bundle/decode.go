package bundle

import (
	"encoding/json/jsontext"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// decodeBundle reads a whole bundle. Unlike in an envelope, a member that is
// not known is refused: this is what the protocol buffer readers of other
// tools do, and a misspelt piece of verification material must not vanish.
func decodeBundle(d *strictjson.Decoder) (Item, error) {
	var item Item
	var material string
	err := d.Message([]string{"mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope"}, func(name string) error {
		var err error
		switch name {
		case "mediaType":
			item.Version, err = decodeMediaType(d)
		case "verificationMaterial":
			material, err = decodeMaterial(d, &item)
		case "messageSignature":
			item.Blob, err = decodeBlob(d)
		default:
			item.Envelope, err = decodeEnvelope(d)
		}
		return err
	})
	if err != nil {
		return Item{}, err
	}
	switch {
	case item.Version == "":
		return Item{}, errors.New(`member "mediaType" is missing`)
	case material == "":
		return Item{}, errors.New(`member "verificationMaterial" is missing`)
	case (item.Blob == nil) == (item.Envelope == nil):
		return Item{}, errors.New(`exactly one of "dsseEnvelope" and "messageSignature" must be there`)
	}
	item.Shape = "Sigstore bundle " + item.Version
	return item, checkVersion(item.Version, material)
}

// checkVersion refuses a bundle that carries what its version does not have: the
// certificate alone came with v0.3. A chain in v0.3 is right for private
// authorities and wrong for others, which is judged with the trust at hand.
func checkVersion(version, material string) error {
	if version == "v0.3" || material != memberCertificate {
		return nil
	}
	return fault.New(fault.BundleVersion, "the bundle says that it is %s, which has no %q", version, material).
		WithHint("get the bundle anew from who made it: some tool changed its media type or its contents")
}

func decodeMediaType(d *strictjson.Decoder) (string, error) {
	s, err := d.String(maxString, MediaType)
	if err != nil {
		return "", err
	}
	version, ok := versionOf(s)
	if !ok {
		return "", fault.New(fault.BundleVersion, "unknown bundle version: media type %q is none of v0.1 to v0.3", s)
	}
	return version, nil
}

// decodeEnvelope reads the bundle's envelope, which holds exactly one signature
// (sigstore_bundle.proto, "dsse_envelope").
func decodeEnvelope(d *strictjson.Decoder) (*dsse.Envelope, error) {
	e, err := dsse.DecodeEnvelope(d)
	if err != nil {
		return nil, fmt.Errorf("dsseEnvelope: %w", err)
	}
	switch n := e.SignatureCount(); {
	case n == 0:
		return nil, fault.New(fault.SignatureMissing, "the bundle's envelope holds no signature")
	case n > 1:
		return nil, fault.New(fault.BundleSignatures, "the bundle's envelope holds %d signatures; a bundle holds exactly one", n).
			WithHint("keep several signatures in a bare envelope (--envelope dsse)")
	}
	return e, nil
}

func decodeBlob(d *strictjson.Decoder) (*Blob, error) {
	b := &Blob{}
	err := d.Message([]string{"messageDigest", "signature"}, func(name string) error {
		var err error
		if name == "signature" {
			b.Signature, err = d.Bytes(dsse.MaxSignatureSize)
			return err
		}
		return d.Message([]string{"algorithm", "digest"}, func(name string) error {
			if name == "algorithm" {
				b.Algorithm, err = d.String(maxString)
			} else {
				b.Digest, err = d.Bytes(64)
			}
			return err
		})
	})
	if err == nil && len(b.Signature) == 0 {
		err = fault.New(fault.SignatureMissing, "the bundle's messageSignature holds no signature")
	}
	return b, err
}

// The members that say whose signature it is. A bundle has one of them.
const (
	memberKey         = "publicKey"
	memberCertificate = "certificate"
	memberChain       = "x509CertificateChain"
)

const memberStamps = "timestampVerificationData"

// decodeMaterial reads what belongs to a signature, and returns which of the
// three members said whose it is. Log entries and time stamps are kept as they
// stand.
func decodeMaterial(d *strictjson.Decoder, item *Item) (signer string, err error) {
	m := &item.Material
	signers := 0
	err = d.ClosedObject([]string{memberKey, memberCertificate, memberChain, "tlogEntries", memberStamps}, func(name string) error {
		if name == memberStamps { // where a null stands is where others will
			return decodeStamps(d, item)
		}
		if d.Null() {
			return nil
		}
		switch name {
		case memberKey, memberCertificate, memberChain:
			signer = name
			signers++
			return decodeSigner(d, m, name)
		default:
			return decodeLogEntries(d, m)
		}
	})
	if err == nil && signers != 1 {
		err = errors.New(`exactly one of "publicKey", "certificate" and "x509CertificateChain" must be there`)
	}
	if err != nil {
		return "", fmt.Errorf("verificationMaterial: %w", err)
	}
	item.marks.end = d.Offset() - 1
	return signer, nil
}

func decodeStamps(d *strictjson.Decoder, item *Item) error {
	raw, err := d.Raw(maxMaterial)
	if err != nil {
		return err
	}
	item.marks.stamps = span{d.Offset() - int64(len(raw)), d.Offset()}
	if raw.Kind() == jsontext.KindNull {
		return nil
	}
	item.Material.Timestamps = raw
	_, err = decodeTimestamps(raw) // also where nobody asks for the time
	return err
}

func decodeSigner(d *strictjson.Decoder, m *Material, name string) error {
	switch name {
	case memberKey:
		return decodeKeyHint(d, m)
	case memberCertificate:
		return decodeCertificate(d, m)
	default:
		m.Chain = true
		return decodeChain(d, m)
	}
}

// maxLogEntries bounds the log entries of one bundle.
const maxLogEntries = 32

func decodeKeyHint(d *strictjson.Decoder, m *Material) error {
	return d.Message([]string{"hint"}, func(string) error {
		var err error
		m.KeyHint, err = d.String(maxString)
		return err
	})
}

func decodeCertificate(d *strictjson.Decoder, m *Material) error {
	var der []byte
	err := d.Message([]string{"rawBytes"}, func(string) (err error) {
		der, err = d.Bytes(MaxCertificateSize)
		return err
	})
	if err == nil && len(der) == 0 {
		err = errors.New("certificate is empty")
	}
	m.Certificates = append(m.Certificates, der)
	return err
}

func decodeChain(d *strictjson.Decoder, m *Material) error {
	err := d.Message([]string{"certificates"}, func(string) error {
		return d.Array(MaxCertificates, func(int) error { return decodeCertificate(d, m) })
	})
	if err == nil && len(m.Certificates) == 0 {
		err = errors.New("certificate chain is empty")
	}
	return err
}
