package bundle

import (
	"bytes"
	"encoding/pem"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

// Beside is what lies in files of their own beside a signature, as cosign writes
// it with --output-certificate and --rfc3161-timestamp. Each may be nil.
type Beside struct {
	Certificate *input.File // PEM, base64 of PEM, or DER; leaf first
	Timestamp   *input.File // an RFC 3161 response in DER, base64, or cosign's JSON
}

// Complete adds what lies beside to the one item that it can belong to, which is
// all of f.
func (b Beside) Complete(f *input.File, items []Item) error {
	if b == (Beside{}) {
		return nil
	}
	if len(items) != 1 || !items[0].lacks(b) {
		return fault.New(fault.UsageInvalid, "a certificate or time stamp in a file of its own goes with one signature that has none of its own: "+
			"a detached signature, a cosign bundle, or an envelope with one signature")
	}
	m := &items[0].Material
	if b.Certificate != nil {
		if err := b.certificate(m); err != nil {
			return inFile(err, b.Certificate, 0)
		}
	}
	if b.Timestamp == nil {
		return nil
	}
	response, err := ReadTimestamp(b.Timestamp)
	if err != nil {
		return err
	}
	m.Timestamps = encodeTimestamps([][]byte{response})
	return items[0].StampedWhole(f, MaxInner)
}

// StampedWhole has time stamps of all of f, which the item is, count for its signature, if
// it is a form that keeps them in other files and f has at most limit bytes.
func (i *Item) StampedWhole(f *input.File, limit int64) (err error) {
	if i.Version == "" && i.Envelope != nil && i.Envelope.SignatureCount() == 1 && i.Material.Stamped == nil && f.Size() <= limit {
		i.Material.Stamped, err = f.ReadAll()
	}
	return err
}

// lacks reports whether the item is of a form that keeps in other files what
// lies beside it, and has none of it.
func (i *Item) lacks(b Beside) bool {
	m := &i.Material
	return i.Version == "" && (i.Blob != nil || i.Envelope.SignatureCount() == 1) &&
		(b.Certificate == nil || len(m.Certificates) == 0) && (b.Timestamp == nil || m.Timestamps == nil)
}

func (b Beside) certificate(m *Material) error {
	var blocks []*pem.Block
	text, err := readSmall(b.Certificate, maxPEM)
	if err == nil {
		blocks, err = certificateBlocks(text)
	}
	if err == nil {
		err = m.appendCertificates(blocks)
	}
	return err
}

// ReadTimestamp returns the RFC 3161 response that f is: DER, base64 of it, or
// cosign's JSON around it. A token without the response around it becomes one. The
// response itself is not read.
func ReadTimestamp(f *input.File) ([]byte, error) {
	der, err := readTimestamp(f)
	if err != nil {
		return nil, inFile(err, f, 0)
	}
	return der, nil
}

func readTimestamp(f *input.File) ([]byte, error) {
	text, err := readSmall(f, MaxTimestampSize*2)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return cosignTimestamp(text)
	}
	if decoded, err := strictjson.DecodeBase64(string(bytes.TrimSpace(text))); err == nil {
		text = decoded
	}
	if len(text) > MaxTimestampSize {
		return nil, fault.New(fault.InputTooLarge, "a time stamp has at most %d bytes", MaxTimestampSize)
	}
	return asResponse(text), nil
}

func readSmall(f *input.File, limit int64) ([]byte, error) {
	if f.Size() > limit {
		return nil, fault.New(fault.InputTooLarge, "the file has more than %d bytes", limit)
	}
	return f.ReadAll()
}
