package predicate

import (
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
)

// sbomPredicate is stella.ops/sbom@v1.
type sbomPredicate struct {
	ComponentCount int `json:"componentCount"`
	documentRef
}

// SBOM drafts the statement about an SBOM. A JSON document becomes the
// predicate under the type of its format; one that is not JSON, and any with
// Reference, is attested by digest with stella.ops/sbom@v1.
func SBOM(f *input.File, o Options) (*Draft, error) {
	s, err := open(f, &o)
	if err != nil {
		return nil, unknown(f, err, "SBOMs in CycloneDX, SPDX and Syft's own format")
	}
	if !s.doc.Kind.Is(KindSBOM) {
		return nil, notAnSBOM(s)
	}
	predicateType, embed, err := sbomType(s, &o)
	if err != nil {
		return nil, err
	}
	var predicate dsse.Content
	if embed {
		predicate, err = s.embed(predicateType)
	} else {
		predicate, err = s.sbomReference(&o)
	}
	if err != nil {
		return nil, err
	}
	return s.draft(&o, predicateType, predicate)
}

// sbomType decides between embedding and reference, and on the type. A type in
// the catalog must be of the document's format.
func sbomType(s *source, o *Options) (predicateType string, embed bool, err error) {
	if embed = s.doc.Encoding == JSON && !o.Reference; !embed && o.Preserve {
		return "", false, located(s.file, fault.New(fault.UsageInvalid, "it is not JSON, so its bytes cannot be embedded").
			WithHint("leave --preserve away: the document is attested by digest"))
	}
	want := TypeSBOM
	if embed {
		want = s.doc.typ
	}
	if o.Type == "" || o.Type == "sbom" && !embed {
		return want, embed, withoutURI(o, embed)
	}
	predicateType, err = Resolve(o.Type)
	if err != nil {
		return "", false, err
	}
	known, err := Lookup(o.Type)
	if err != nil || known.Name != "" && !Matches(want, predicateType) {
		return "", false, wrongType(s, predicateType, want)
	}
	if !embed && predicateType != TypeSBOM {
		return "", false, wrongType(s, predicateType, want)
	}
	return predicateType, embed, withoutURI(o, embed)
}

// withoutURI refuses an address that would be left out of the statement.
func withoutURI(o *Options, embed bool) error {
	if o.URI == "" || !embed {
		return nil
	}
	return fault.New(fault.UsageInvalid, "a URI is written only for a document that is not embedded").
		WithHint("add --reference")
}

func wrongType(s *source, got, want string) error {
	return located(s.file, fault.New(fault.UsageInvalid, "%s is not a document of type %q", s.doc, got).
		WithHint("leave --type away: it is signed as %s", want))
}

func (s *source) sbomReference(o *Options) (dsse.Content, error) {
	b, err := canonicalJSON(sbomPredicate{s.doc.Count, s.ref(o.URI)})
	return dsse.Bytes(b), err
}

func notAnSBOM(s *source) error {
	e := fault.New(fault.InputUnrecognized, "it is not an SBOM but looks like %s", article(s.doc))
	switch {
	case s.doc.Kind.Is(KindStatement):
		return located(s.file, e.WithHint("use stella sign statement %s", fileWord(s.file)))
	default:
		return located(s.file, e.WithHint("use stella sign report %s", fileWord(s.file)))
	}
}

// article describes a document in a sentence.
func article(d *Document) string {
	name := d.String()
	switch {
	case d.Kind == KindReport && !strings.HasSuffix(d.Format, "report"):
		name += " report"
	case d.Kind.Is(KindVEX) && !d.Kind.Is(KindSBOM) && d.ID != "openvex":
		name += " VEX"
	}
	if strings.HasPrefix(name, "SPDX") || strings.ContainsRune("AEIOUaeiou", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}
