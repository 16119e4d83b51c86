package bundle

import (
	"bytes"
	"encoding/base64"
	"encoding/json/jsontext"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
)

const (
	// MaxTimestamps bounds the time stamps of one bundle. Other verifiers refuse
	// more.
	MaxTimestamps = 32
	// MaxTimestampSize bounds one RFC 3161 response, in bytes.
	MaxTimestampSize = 64 << 10
)

// span is a part of a file, from its first byte to the one after its last.
type span struct{ start, end int64 }

// marks says where in its file a bundle's verification material stands, so that
// a time stamp can be put into it without touching anything else.
type marks struct {
	end    int64 // of the material: the offset of its closing brace
	stamps span  // of the value of timestampVerificationData; zero if it is not there
}

// decodeTimestamps reads the responses in a TimestampVerificationData
// (sigstore_bundle.proto).
func decodeTimestamps(raw jsontext.Value) ([][]byte, error) {
	var out [][]byte
	d := strictjson.NewDecoder(bytes.NewReader(raw), 0, int64(len(raw)), maxMaterial)
	if len(raw) == 0 || d.Null() {
		return nil, nil
	}
	err := d.Message([]string{"rfc3161Timestamps"}, func(string) error {
		return d.Array(MaxTimestamps, func(int) error {
			return d.Message([]string{"signedTimestamp"}, func(string) error {
				response, err := d.Bytes(MaxTimestampSize)
				out = append(out, response)
				return err
			})
		})
	})
	if err != nil {
		return nil, fault.Wrap(fault.BundleMalformed, err, "timestampVerificationData")
	}
	return out, nil
}

// encodeTimestamps is the reverse of decodeTimestamps.
func encodeTimestamps(responses [][]byte) jsontext.Value {
	b := []byte(`{"rfc3161Timestamps":[`)
	for i, r := range responses {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"signedTimestamp":"`...)
		b = base64.StdEncoding.AppendEncode(b, r)
		b = append(b, `"}`...)
	}
	return append(b, "]}"...)
}

// TimestampResponses returns the RFC 3161 responses beside the signature, in DER.
func (m *Material) TimestampResponses() ([][]byte, error) { return decodeTimestamps(m.Timestamps) }

// WriteStamped writes the bundle item, which is all of f, with one more RFC 3161
// response, in DER, to w. Everything else stays byte for byte. What is not a
// bundle has no place for a time stamp and is refused, and so is a response that
// is there already.
func WriteStamped(w io.Writer, f *input.File, item *Item, response []byte) error {
	if err := item.TakesTimestamp(); err != nil {
		return err
	}
	responses, err := item.Material.TimestampResponses()
	if err != nil {
		return err
	}
	switch {
	case len(responses) == MaxTimestamps:
		return fault.New(fault.InputTooLarge, "the bundle holds %d time stamps already, and other verifiers refuse more", MaxTimestamps)
	case contains(responses, response):
		return fault.New(fault.UsageInvalid, "the bundle holds this time stamp already")
	}
	value := encodeTimestamps(append(responses, response))
	at := item.marks.stamps
	if at == (span{}) {
		at = span{item.marks.end, item.marks.end}
		value = append([]byte(`,"timestampVerificationData":`), value...)
	}
	return splice(w, f, at, value)
}

// TakesTimestamp fails with fault.BundleRequired unless the item is a Sigstore
// bundle in a file of its own.
func (i *Item) TakesTimestamp() error {
	if i.Version != "" && i.Part == "" && i.Line == 0 {
		return nil
	}
	return fault.New(fault.BundleRequired, "what is to be stamped is not a Sigstore bundle in a file of its own but: %s", i.Shape).
		WithHint("sign with --envelope bundle; or keep the response beside the signature, and verify with --rfc3161-timestamp")
}

func contains(list [][]byte, b []byte) bool {
	for _, e := range list {
		if bytes.Equal(e, b) {
			return true
		}
	}
	return false
}

// splice writes f to w with other content at a span.
func splice(w io.Writer, f *input.File, at span, content []byte) error {
	parts := io.MultiReader(
		io.NewSectionReader(f, 0, at.start), bytes.NewReader(content), io.NewSectionReader(f, at.end, f.Size()-at.end),
	)
	n, err := io.Copy(w, parts)
	if err != nil {
		return err
	}
	if want := f.Size() - (at.end - at.start) + int64(len(content)); n != want {
		return fault.New(fault.InputChanged, "%s changed while it was being read", input.Display(f.Name())).
			WithHint("let nothing write to the file and run the command again")
	}
	return nil
}
