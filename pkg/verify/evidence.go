package verify

import (
	"crypto"
	"io"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/dsse"
)

// Evidence is what is to be judged. The sources it was read from must stay
// open until it has been.
type Evidence struct {
	items   []bundle.Item
	ignored []Ignored
}

// Ignored is an input, or a part of one, that was passed over because it is not
// evidence. As an error it says why.
type Ignored struct {
	Source string `json:"source"`
	Member string `json:"member,omitempty"`
	Line   int    `json:"line,omitzero"`
	// Lines is how many lines, from Line on, are ignored for the same reason, if it
	// is more than one.
	Lines   int          `json:"lines,omitzero"`
	Part    string       `json:"part,omitempty"`
	Reason  fault.Reason `json:"reason"`
	Message string       `json:"message"` // our own words
}

func (i *Ignored) Error() string { return i.Message }

// Read adds what is in size bytes of src to the evidence: a Sigstore bundle
// v0.1 to v0.3, a DSSE envelope, cosign's old bundle, a detached signature, a
// list of attestations as registries and forges serve them, a PEP 740 object, or
// JSON lines of them. The name is for messages. Reasons are those of the catalog:
// envelope.malformed, bundle.malformed, bundle.version, input.not_evidence and
// the like.
func (e *Evidence) Read(name string, src io.ReaderAt, size int64) error {
	return e.ReadInput(input.FromReaderAt(name, src, size))
}

// Place names the source for people, quoted, and where in it.
func (i *Ignored) Place() string { return place(input.Display(i.Source), i.Member, i.Line, i.Part) }

// ReadInput is Read for an opened input of the command line.
func (e *Evidence) ReadInput(f *input.File) error { return e.ReadBeside(f, bundle.Beside{}) }

// ReadBeside is ReadInput for a signature whose certificate or time stamp lies
// in a file of its own.
func (e *Evidence) ReadBeside(f *input.File, beside bundle.Beside) error {
	items, ignored, err := bundle.Read(f)
	if err == nil {
		err = beside.Complete(f, items)
	}
	if err != nil {
		return err
	}
	e.AddRead(f.Name(), items, ignored)
	return nil
}

// ReadLayout adds what is in an OCI image layout: all of it, or, with digests
// "sha256:<hex>", what the layout says is attached to one of them. A layout
// without any is fault.SignatureMissing.
func (e *Evidence) ReadLayout(l *oci.Layout, about ...string) error {
	found, err := l.Evidence(about...)
	if err != nil {
		return err
	}
	e.items = append(e.items, found.Items...)
	for _, i := range found.Ignored {
		e.ignored = append(e.ignored, Ignored{Source: l.Name(), Part: i.Part, Reason: fault.NotEvidence, Message: i.Reason})
	}
	return nil
}

// Len returns the number of signed documents.
func (e *Evidence) Len() int { return len(e.items) }

// group is all evidence with one payload.
type group []bundle.Item

// groupsOf sorts the items by payload, in the order of their first appearance. A
// signature over an artifact that is not in the evidence is a group of its own. More
// than maxTogether items with one payload are fault.InputTooLarge.
func groupsOf(items []bundle.Item) ([]group, error) {
	if len(items) == 1 {
		return []group{items}, nil
	}
	var out []group
	index := make(map[string]int)
	for _, item := range items {
		id, err := payloadID(item)
		if err != nil {
			return nil, malformedItem(item, err)
		}
		if id == "" {
			out = append(out, group{item})
			continue
		}
		at, ok := index[id]
		if !ok {
			at = len(out)
			index[id] = at
			out = append(out, nil)
		}
		if len(out[at]) == maxTogether {
			return nil, fault.New(fault.InputTooLarge, "%s: more than %d pieces of evidence have its payload", where(item), maxTogether)
		}
		out[at] = append(out[at], item)
	}
	return out, nil
}

// payloadID is equal for two items if and only if payload type and payload are
// byte-equal: it is the digest of the PAE, which is injective. Documents that are
// signed bare are told from envelopes, although no such document is a PAE.
func payloadID(item bundle.Item) (string, error) {
	var m dsse.Message
	kind := "e"
	switch {
	case item.Envelope != nil:
		m = item.Envelope.UnverifiedMessage()
	case item.Blob.Payload != nil:
		m, kind = dsse.NewBlob(item.Blob.Payload), "d"
	default:
		return "", nil
	}
	sum, err := m.Digest(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return kind + string(sum), nil
}

// where says which piece of evidence an error is about.
func where(item bundle.Item) string {
	return place(input.Display(item.Source), item.Member, item.Line, item.Part)
}
