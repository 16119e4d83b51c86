package bundle

import (
	"fmt"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/strictjson"
	"github.com/stellaops/stella/pkg/dsse"
)

// Ignored is a line that is not evidence.
type Ignored struct {
	Line   int
	Reason string
}

// Read reads all evidence in f: a bundle, an envelope, or JSON lines of them.
// Items keep reading from f, which must stay open. A file that is no evidence
// at all has the reason input.not_evidence; one that looks like evidence and is
// malformed, envelope.malformed, bundle.malformed or bundle.version.
func Read(f *input.File) ([]Item, []Ignored, error) {
	if f.Size() == 0 {
		return nil, nil, fault.New(fault.InputEmpty, "%s is empty", input.Display(f.Name())).WithHint(hintEmpty)
	}
	if item := readDetached(f); item != nil {
		return place([]Item{*item}, f, 0), nil, nil
	}
	var r Reader
	items, more, err := r.read(f, 0, f.Size())
	if more {
		return r.readLines(f)
	}
	if err != nil {
		return nil, nil, inFile(err, f, 0)
	}
	return place(items, f, 0), nil, nil
}

// ReadEnvelope reads the bare envelope that is all of f, for who wants exactly one
// payload from exactly one place. Signed evidence of another form is
// envelope.malformed, anything else as for Read.
func ReadEnvelope(f *input.File) (*Item, error) {
	items, _, err := Read(f)
	switch {
	case err != nil:
		return nil, err
	case len(items) != 1:
		return nil, fault.New(fault.EnvelopeMalformed, "%s holds %d signed documents and not one bare envelope", input.Display(f.Name()), len(items))
	case items[0].Shape != shapeEnvelope || items[0].Line > 0:
		return nil, fault.New(fault.EnvelopeMalformed, "%s is a %s and not a bare envelope", input.Display(f.Name()), items[0].Shape)
	}
	return &items[0], nil
}

// read reads what begins at off: one document, which may hold several signed ones.
// more says that other content follows it, so the file may be JSON lines.
func (r *Reader) read(f *input.File, off, size int64) (items []Item, more bool, err error) {
	head, err := headOf(f, off)
	if err == nil {
		err = CheckHead(head)
	}
	if err != nil {
		return nil, false, err
	}
	d := r.decoder(f, off, size)
	defer r.spare.Put(d)
	s := atOnce(head)
	if s == nil {
		s, more, err = peek(d)
		switch {
		case err != nil || more:
			return nil, more, err
		case s == nil:
			return nil, false, fault.New(fault.NotEvidence, "not an envelope or bundle").WithHint(hintOther)
		}
		d.Rewind(s.overhead)
	}
	items, err = s.decode(d)
	if err == nil {
		if d.More() {
			return nil, true, nil
		}
		err = d.Unclaimed()
	}
	if err != nil {
		err = hinted(asFault(err, s.reason, "malformed "+s.what))
	}
	return items, false, err
}

// hinted says of a malformed bundle what to do, unless err does.
func hinted(err error) error {
	if fault.ReasonOf(err) != fault.BundleMalformed || fault.HintOf(err) != "" {
		return err
	}
	return fault.Wrap(fault.BundleMalformed, err, "").
		WithHint("get it once more from who made it: it was altered on the way, or what made it does not keep to the format")
}

// shapeEnvelope is the shape of an envelope without anything around it.
const shapeEnvelope = "DSSE envelope"

// decodeBare reads an envelope without anything around it.
func decodeBare(d *strictjson.Decoder) (Item, error) {
	e, err := dsse.DecodeEnvelope(d)
	return Item{Shape: shapeEnvelope, Envelope: e}, err
}

// asFault gives err a reason unless it has one.
func asFault(err error, r fault.Reason, what string) error {
	if err == nil || fault.ReasonOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(r, err, "%s", what)
}

// place says of items where they were read.
func place(items []Item, f *input.File, line int) []Item {
	for i := range items {
		items[i].Source, items[i].Line = f.Name(), line
	}
	return items
}

// inFile says where an error was met.
func inFile(err error, f *input.File, line int) error {
	where := input.Display(f.Name())
	if line > 0 {
		where = fmt.Sprintf("%s, line %d", where, line)
	}
	fe := fault.Wrap(fault.ReasonOf(err), err, "%s", where).With("path", f.Name())
	if fe.Reason == fault.Internal {
		fe.Reason = fault.InputMalformed
	}
	return fe
}

// LooksLikeEvidence reports whether a file name says that it holds evidence.
func LooksLikeEvidence(name string) bool {
	for _, suffix := range Suffixes() {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// Suffixes returns the file name endings of evidence.
func Suffixes() []string { return []string{".sigstore.json", ".dsse.json", ".intoto.jsonl"} }
