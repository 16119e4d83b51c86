package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// MaxInner bounds what is encoded within base64 and therefore held in memory, in
// bytes.
const MaxInner = 64 << 20

// decodeCosign reads the bundle that cosign wrote before it had Sigstore's: a
// signature over a blob or, where an attestation was signed, the whole envelope,
// in base64; the certificate; and the log's promise.
func decodeCosign(d *strictjson.Decoder) (Item, error) {
	var item Item
	var signed []byte
	err := d.ClosedObject([]string{"base64Signature", "cert", "rekorBundle"}, func(name string) error {
		var err error
		switch name {
		case "base64Signature":
			signed, err = decodeInner(d)
		case "cert":
			var text string
			if text, err = d.String(maxPEM); err == nil && text != "" {
				err = item.Material.setSigner([]byte(text))
			}
		default:
			if !d.Null() {
				err = decodeRekorBundle(d, &item.Material)
			}
		}
		return err
	})
	if err != nil {
		return Item{}, err
	}
	if len(signed) == 0 {
		return Item{}, fault.New(fault.SignatureMissing, "the cosign bundle holds no signature")
	}
	return item, item.setSigned(signed)
}

// setSigned makes what base64Signature holds the item's envelope or signature.
func (i *Item) setSigned(signed []byte) error {
	if isSignature(signed) {
		i.Shape, i.Blob = "cosign bundle", &Blob{Signature: signed}
		return nil
	}
	e, err := dsse.ParseEnvelope(bytes.NewReader(signed), int64(len(signed)))
	if err != nil {
		return fmt.Errorf("base64Signature is neither a signature nor an envelope: %w", err)
	}
	i.Shape, i.Envelope, i.Material.Stamped = "cosign bundle with an envelope", e, signed
	return nil
}

// decodeInner reads base64 of any length up to MaxInner.
func decodeInner(d *strictjson.Decoder) ([]byte, error) {
	text, err := d.Text()
	if err != nil {
		return nil, err
	}
	var encoded []byte
	err = text.Each(func(piece []byte) error {
		if encoded = append(encoded, piece...); len(encoded) > MaxInner/3*4 {
			return fault.New(fault.InputTooLarge, "content within base64 is over the limit of %d bytes", MaxInner)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return strictjson.DecodeBase64(string(encoded))
}

// rekorEntry is what cosign keeps of an entry of a Rekor v1 log.
type rekorEntry struct {
	promise        []byte
	body           []byte
	logID          string
	logIndex, time int64
}

func decodeRekorBundle(d *strictjson.Decoder, m *Material) error {
	var e rekorEntry
	err := d.ClosedObject([]string{"SignedEntryTimestamp", "Payload"}, func(name string) error {
		var err error
		if name == "SignedEntryTimestamp" {
			e.promise, err = d.Bytes(dsse.MaxSignatureSize)
			return err
		}
		return d.ClosedObject([]string{"body", "integratedTime", "logIndex", "logID"}, func(name string) error {
			switch name {
			case "body":
				e.body, err = d.Bytes(maxBody)
			case "integratedTime":
				e.time, err = d.Int64()
			case "logIndex":
				e.logIndex, err = d.Int64()
			default:
				e.logID, err = d.String(maxString)
			}
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("log entry: %w", err)
	}
	v, err := e.express()
	if err != nil {
		return fmt.Errorf("log entry: %w", err)
	}
	m.LogEntries = append(m.LogEntries, v)
	return nil
}

// express returns the entry as a bundle has it (sigstore_rekor.proto,
// TransparencyLogEntry), with the log's promise and no inclusion proof.
func (e *rekorEntry) express() (jsontext.Value, error) {
	if len(e.promise) == 0 {
		return nil, errors.New("there is no signed entry timestamp")
	}
	return e.expressWith(nil)
}

// expressWith is express with an inclusion proof, which may be nil, beside a promise or
// without one.
func (e *rekorEntry) expressWith(proof *LogProof) (jsontext.Value, error) {
	id, err := hex.DecodeString(e.logID)
	switch {
	case err != nil || len(id) == 0:
		return nil, errors.New("logID is not hex")
	case e.logIndex < 0 || e.time <= 0:
		return nil, errors.New("index or time is not positive")
	}
	kind, version, err := kindOf(e.body)
	if err != nil {
		return nil, err
	}
	out := LogEntry{
		CanonicalizedBody: e.body, InclusionProof: proof, IntegratedTime: Int64(e.time),
		KindVersion: LogKind{kind, version}, LogID: LogID{id}, LogIndex: Int64(e.logIndex),
	}
	if len(e.promise) > 0 {
		out.InclusionPromise = &LogPromise{e.promise}
	}
	return json.Marshal(out)
}

// kindOf reads of which kind and version a log entry says to be.
func kindOf(body []byte) (kind, version string, err error) {
	d := strictjson.NewDecoder(bytes.NewReader(body), 0, int64(len(body)), maxBody)
	err = d.Object([]string{"kind", "apiVersion"}, func(name string) error {
		var err error
		if name == "kind" {
			kind, err = d.String(maxString)
		} else {
			version, err = d.String(maxString)
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && (kind == "" || version == "") {
		err = errors.New("no kind and version")
	}
	if err != nil {
		return "", "", fmt.Errorf("body: %w", err)
	}
	return kind, version, nil
}
