package predicate

import (
	"encoding/hex"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Draft is a statement before it is signed.
type Draft struct {
	// Message is what is signed. It reads from the input, which must stay open.
	Message       dsse.Message
	PredicateType string
	Subjects      []intoto.Subject
	// Claimed are those of Subjects that the document itself named; a user is
	// shown them before anything is signed.
	Claimed []intoto.Subject
	// Document is what the input was recognised as, nil for a bare predicate.
	Document *Document
	// Decision is what a report decides, or "".
	Decision string
	// Notes are for the user.
	Notes []string
}

// Options is what all drafts have in common. The zero value embeds the document
// in canonical form, about itself alone.
type Options struct {
	// Name names the document as a subject; without it, the base name of the
	// file, and for standard input a name after the format: sbom.cdx.json.
	Name string
	// Subjects are further things that the statement is about.
	Subjects []intoto.Subject
	// SubjectFromDocument adds what the document says it describes.
	SubjectFromDocument bool
	// Preserve embeds the document's exact bytes.
	Preserve bool
	// Reference attests the document by digest instead of embedding it.
	Reference bool
	// URI says where a document is that is not embedded.
	URI string
	// Type is a short name or URI to write instead of the usual type.
	Type string
	// BareReplay signs a replay manifest as the whole payload, of PayloadTypeReplay,
	// instead of a statement. It has no subjects then.
	BareReplay bool
}

// PayloadTypeReplay is the payload type of a bare replay manifest, as the original signs
// them. Stock cosign refuses it.
const PayloadTypeReplay = "application/vnd.stellaops.replay+json"

// BareType returns the predicate type of payloads of a type that are a predicate without
// a statement around it, "" for any other.
func BareType(payloadType string) string {
	if payloadType == PayloadTypeReplay {
		return TypeReplay
	}
	return ""
}

func (o *Options) check() error {
	switch {
	case o.Preserve && o.Reference:
		return fault.New(fault.UsageInvalid, "a document is either embedded as it is (--preserve) or referenced (--reference)")
	case o.URI != "" && uri(o.URI) != "":
		return fault.New(fault.UsageInvalid, "%.100q is not %s", o.URI, uri(o.URI))
	}
	return nil
}

// source is an input that was recognised and can be embedded.
type source struct {
	file *input.File
	doc  *Document
	json []byte // all of it, if it is to be made canonical
}

// open recognises f. A JSON document that will be made canonical is read into
// memory once, so that what is recognised is what is signed.
func open(f *input.File, o *Options) (*source, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	s := &source{file: f}
	if !o.Preserve && !o.Reference && startsJSON(f) {
		b, err := f.ReadAll()
		if err != nil {
			return nil, err
		}
		s.file, s.json = input.FromBytes(f.Name(), b), b
	}
	var err error
	s.doc, err = Recognize(s.file)
	return s, err
}

func startsJSON(f *input.File) bool {
	head := make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	return (err == nil || n > 0) && strings.HasPrefix(strings.TrimLeft(string(head[:n]), " \t\r\n"), "{")
}

// embed returns the document as JSON to embed as a predicate of a type, to whose schema it
// is held: nothing is signed that predicate validate refuses.
func (s *source) embed(predicateType string) (dsse.Content, error) {
	if err := s.check(predicateType); err != nil {
		return nil, err
	}
	return s.content()
}

// content returns the document as JSON to embed.
func (s *source) content() (dsse.Content, error) {
	if s.json == nil {
		return s.file.Pin(s.doc.SHA256), nil
	}
	return canonicalize(s.file, s.json)
}

func canonicalize(f *input.File, b []byte) (dsse.Content, error) {
	doc, err := canonical.Parse(b, canonical.Options{ExactNumbers: true})
	if err != nil {
		err = located(f, err)
		if fault.ReasonOf(err) == fault.NumberInexact && fault.HintOf(err) == "" {
			return nil, fault.Wrap(fault.NumberInexact, err, "").WithHint("keep the exact bytes: --preserve")
		}
		return nil, err
	}
	return doc, nil
}

// subjects returns the document itself, then the demanded subjects, then what
// the document claims.
func (s *source) subjects(o *Options) (all, claimed []intoto.Subject, err error) {
	self, err := checkSubject(intoto.Subject{
		Name:   s.name(o),
		Digest: map[string]string{"sha256": hex.EncodeToString(s.doc.SHA256[:])},
	})
	if err != nil {
		return nil, nil, err
	}
	if o.SubjectFromDocument {
		if claimed, err = Claims(s.file, s.doc); err != nil {
			return nil, nil, err
		}
	}
	all, err = merge([]intoto.Subject{self}, o.Subjects, claimed)
	return all, claimed, err
}

func (s *source) name(o *Options) string {
	switch {
	case o.Name != "":
		return o.Name
	case s.file.Name() == "-":
		return s.doc.name
	}
	return filepath.Base(s.file.Name())
}

// draft puts the statement together.
func (s *source) draft(o *Options, predicateType string, predicate dsse.Content) (*Draft, error) {
	d := &Draft{PredicateType: predicateType, Document: s.doc}
	var err error
	if d.Subjects, d.Claimed, err = s.subjects(o); err != nil {
		return nil, err
	}
	if o.SubjectFromDocument && len(d.Claimed) == 0 {
		d.Notes = append(d.Notes, "the document gives no SHA-256 or stronger digest of what it describes")
	}
	if d.Message, err = intoto.NewMessage(predicateType, d.Subjects, predicate); err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to build the statement")
	}
	return d, nil
}

// check holds the document to the schema of a predicate type. For the type of its format
// that was done when it was recognised.
func (s *source) check(predicateType string) error {
	switch own := slices.Contains(formatTypes(), s.doc.typ) && Matches(s.doc.typ, predicateType); {
	case own && s.doc.misfit != nil:
		return located(s.file, invalidPredicate(predicateType, s.doc.misfit))
	case own, s.doc.Encoding == JSON && shapeOf(predicateType) == nil: // any object is one
		return nil
	}
	p := &passes{f: s.file, want: s.doc.SHA256}
	if err := p.over(func(r io.Reader) error { return Check(predicateType, r) }); err != nil {
		return located(s.file, err)
	}
	return nil
}

// unknown tells who gives something else than what is known how to sign it all the same.
func unknown(f *input.File, err error, known string) error {
	if fault.ReasonOf(err) != fault.InputUnrecognized || fault.HintOf(err) != "" {
		return err
	}
	return fault.Wrap(fault.InputUnrecognized, err, "").
		WithHint("stella reads %s; sign any other file as it is: stella sign blob %s", known, fileWord(f))
}

// fileWord is how hints call an input.
func fileWord(f *input.File) string {
	if f.Name() == "-" {
		return "-"
	}
	return "FILE"
}
