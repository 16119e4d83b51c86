package bundle

import "github.com/stellaops/stella/pkg/dsse"

// Form writes evidence over payloads in memory, many with the same keys. What it
// writes is what Write and WriteEnvelope write. It is safe for concurrent use.
type Form struct {
	opening, closing string
	bundle           bool
}

// NewForm returns the form of a bundle with a signature by signer.
func NewForm(signer dsse.Signer) (*Form, error) {
	opening, err := opening(signer)
	if err != nil {
		return nil, err
	}
	return &Form{opening, "}\n", true}, nil
}

// EnvelopeForm returns the form of a bare envelope.
func EnvelopeForm() *Form { return &Form{closing: "\n"} }

// Append appends the evidence over a payload to dst. A bundle takes one signature
// without extension.
func (f *Form) Append(dst []byte, payloadType string, payload []byte, signatures ...dsse.Signature) ([]byte, error) {
	if f.bundle {
		for _, s := range signatures {
			if err := fits(s); err != nil {
				return nil, err
			}
		}
	}
	dst = append(dst, f.opening...)
	dst, err := dsse.AppendEnvelope(dst, payloadType, payload, signatures, f.bundle)
	if err != nil {
		return nil, err
	}
	return append(dst, f.closing...), nil
}
