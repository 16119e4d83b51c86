package predicate

import "crypto/sha256"

// Kind says what a document is. A document may be several things: a CycloneDX
// file that lists components and analysed vulnerabilities is an SBOM and a VEX.
type Kind uint8

// The kinds of documents.
const (
	KindSBOM Kind = 1 << iota
	KindReport
	KindVEX
	KindStatement
)

// Is reports whether the document is of kind k among others.
func (k Kind) Is(kind Kind) bool { return k&kind != 0 }

// Encoding is how a document is written.
type Encoding string

// The encodings that are read.
const (
	JSON     Encoding = "JSON"
	XML      Encoding = "XML"
	TagValue Encoding = "tag-value"
)

// Document is what Recognize finds out about an input.
type Document struct {
	Kind Kind
	// Format is the name for people, "CycloneDX".
	Format string
	// ID is the name in predicates, "cyclonedx".
	ID string
	// Version is the format's version, "1.6"; empty if documents do not say.
	Version   string
	MediaType string
	Encoding  Encoding
	// Count is how many things of the kind CountOf it lists at its top level.
	Count   int
	CountOf string
	// Scanner is what made the report, if the report says so unambiguously.
	Scanner Scanner
	// SHA256 and Size are of the whole input.
	SHA256 [sha256.Size]byte
	Size   int64

	// name is the subject's name when the input has none.
	name string
	// typ is the predicate type of an embedded document, "" when the format
	// has none.
	typ string
	// misfit is why it does not follow the schema of typ, nil if it does or there is none.
	misfit error
	// decision is what a stella report decides, unchecked.
	decision string
	// refusal is why a JSON object is of no format that stella signs.
	refusal error
}

// Scanner is a program that made a report.
type Scanner struct {
	Name    string `json:"name"`
	Version string `json:"version,omitzero"`
}

// String returns for example "CycloneDX 1.6 JSON".
func (d *Document) String() string {
	s := d.Format
	if d.Version != "" {
		s += " " + d.Version
	}
	return s + " " + string(d.Encoding)
}

// Entries returns for example "1 component" or "903 components", and "" if the
// document lists none.
func (d *Document) Entries() string {
	if d.Count == 0 {
		return ""
	}
	return plural(d.Count, d.CountOf)
}
