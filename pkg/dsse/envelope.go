package dsse

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/strictjson"
)

// Envelope is a parsed envelope of which nothing is verified yet. Its payload
// stays in the source it was parsed from, which must stay readable.
type Envelope struct {
	payload     Content
	payloadType string
	signatures  []Signature

	one  [1]Signature // room for the signatures of most envelopes
	held held         // the payload, where it is in memory
}

// NewEnvelope returns the envelope that other formats hold in parts, such as
// PEP 740. Limits are those of ParseEnvelope; an error has the reason
// envelope.malformed.
func NewEnvelope(payloadType string, payload Content, signatures ...Signature) (*Envelope, error) {
	e := &Envelope{payload: payload, payloadType: payloadType, signatures: slices.Clone(signatures)}
	if len(payloadType) > MaxPayloadTypeSize || len(signatures) > MaxSignatures {
		return nil, malformed(errors.New("payload type or number of signatures is over its limit"))
	}
	for _, s := range signatures {
		if len(s.Sig) == 0 || len(s.Sig) > MaxSignatureSize || len(s.KeyID) > MaxKeyIDSize {
			return nil, malformed(errors.New("signature or key id is empty or over its limit"))
		}
	}
	if err := e.check(); err != nil {
		return nil, malformed(err)
	}
	return e, nil
}

// ParseEnvelope reads the envelope that is the whole of size bytes of src. The
// payload's base64 is judged when it is decoded; all else is judged here. An
// error has the reason envelope.malformed.
func ParseEnvelope(src io.ReaderAt, size int64) (*Envelope, error) {
	d := strictjson.NewDecoder(src, 0, size, MaxOverhead)
	e, err := DecodeEnvelope(d)
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, malformed(err)
	}
	return e, nil
}

// DecodeEnvelope reads an envelope that is a value within a larger document.
func DecodeEnvelope(d *strictjson.Decoder) (*Envelope, error) {
	e := &Envelope{}
	e.signatures = e.one[:0]
	var payloadText strictjson.Text
	members := [...]string{"payload", "payloadType", "signatures"}
	var seen [len(members)]bool
	err := d.Object(members[:], func(name string) error {
		seen[slices.Index(members[:], name)] = true
		switch name {
		case "payload":
			var err error
			payloadText, err = d.Text()
			return err
		case "payloadType":
			var err error
			e.payloadType, err = d.String(MaxPayloadTypeSize, PayloadTypeInToto)
			return err
		default:
			return decodeSignatures(d, e)
		}
	})
	if err != nil {
		return nil, err
	}
	for i, name := range members {
		if !seen[i] {
			return nil, fmt.Errorf("member %q is missing", name)
		}
	}
	if err := e.decodePayload(payloadText); err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return e, e.check()
}

// decodePayload takes text for the payload. One in memory is decoded now.
func (e *Envelope) decodePayload(text strictjson.Text) (err error) {
	s, ok := text.Inline()
	if !ok {
		e.payload, err = newEncodedContent(text)
		return err
	}
	e.held.Bytes, err = strictjson.DecodeBase64Bytes(s)
	e.payload = &e.held
	return err
}

// check judges what payload and type have in common, wherever they come from.
func (e *Envelope) check() error {
	if e.payloadType == "" {
		return errors.New("payloadType is empty")
	}
	if n := e.payload.Size(); n > MaxPayloadSize {
		return fmt.Errorf("payload of %d bytes is over the limit of %d", n, int64(MaxPayloadSize))
	}
	return nil
}

func decodeSignatures(d *strictjson.Decoder, e *Envelope) error {
	return d.Array(MaxSignatures, func(i int) error {
		s, err := decodeSignature(d)
		if err != nil {
			return fmt.Errorf("signature %d: %w", i+1, err)
		}
		e.signatures = append(e.signatures, s)
		return nil
	})
}

func decodeSignature(d *strictjson.Decoder) (Signature, error) {
	var s Signature
	err := d.Object([]string{"keyid", "sig", "extension"}, func(name string) error {
		switch name {
		case "keyid":
			if d.Null() {
				return nil
			}
			var err error
			s.KeyID, err = d.String(MaxKeyIDSize)
			return err
		case "sig":
			var err error
			s.Sig, err = d.Bytes(MaxSignatureSize)
			return err
		default:
			var err error
			s.Extension, err = decodeExtension(d)
			return err
		}
	})
	if err == nil && len(s.Sig) == 0 {
		err = errors.New(`member "sig" is missing or empty`)
	}
	return s, err
}

func decodeExtension(d *strictjson.Decoder) (*Extension, error) {
	x := &Extension{}
	err := d.Object([]string{"kind", "ext"}, func(name string) error {
		var err error
		if name == "kind" {
			x.Kind, err = d.String(MaxPayloadTypeSize)
		} else {
			x.Ext, err = d.Raw(MaxSignatureSize)
		}
		return err
	})
	if err == nil && x.Kind == "" {
		err = errors.New(`extension without "kind"`)
	}
	if err == nil && len(x.Ext) == 0 {
		err = errors.New(`extension without "ext"`)
	}
	return x, err
}

// SignatureCount returns how many signatures the envelope has.
func (e *Envelope) SignatureCount() int { return len(e.signatures) }

// Signatures returns the envelope's signatures, none of which is verified.
func (e *Envelope) Signatures() []Signature { return slices.Clone(e.signatures) }

// UnverifiedMessage returns payload type and payload as they stand, signed by
// nobody as far as anyone knows. It is for showing and for counter-signing
// under a caller's own judgement; [Open] is the way to what was signed.
func (e *Envelope) UnverifiedMessage() Message { return NewMessage(e.payloadType, e.payload) }

func malformed(err error) error {
	if fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.EnvelopeMalformed, err, "malformed envelope")
}
