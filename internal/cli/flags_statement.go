package cli

import (
	"encoding/hex"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// statementFlags are the flags of the commands that make a statement: what it
// is about, and in which form the document goes into it.
type statementFlags struct {
	subjects      []string
	subjectsFrom  []string
	fromDocument  bool
	predicateType string
	preserve      bool
	reference     bool
	uri           string
}

// AddFlags registers the flags.
func (f *statementFlags) AddFlags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.subjects, "subject", nil, "add a subject: `FILE|NAME@sha256:HEX`; repeat it for several")
	fs.StringArrayVar(&f.subjectsFrom, "subjects-from", nil, "add the subjects of `SHA256SUMS`, a file as sha256sum writes it")
	fs.StringVar(&f.predicateType, "type", "", "predicate type to write, by short name or `URI`")
	fs.BoolVar(&f.preserve, "preserve", false, "keep the document's exact bytes instead of the canonical form of RFC 8785")
}

// addDocumentFlags registers what only documents with a format have.
func (f *statementFlags) addDocumentFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&f.fromDocument, "subject-from-document", false, "add the subjects that the document says it describes")
	fs.BoolVar(&f.reference, "reference", false, "attest the document by its digest instead of embedding it")
	fs.StringVar(&f.uri, "uri", "", "where the referenced document can be had, as a `URI`")
}

// statementResult says what was signed.
type statementResult struct {
	Document      *documentResult `json:"document,omitempty"`
	PredicateType string          `json:"predicateType"`
	Decision      string          `json:"decision,omitempty"`
	Subjects      []subjectResult `json:"subjects"`
	*sealedResult
}

type documentResult struct {
	Format  string `json:"format"`
	Version string `json:"version,omitempty"`
	Entries int    `json:"entries"`
	Of      string `json:"entriesAre,omitempty"`
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`

	entries string
}

type subjectResult struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

func newStatementResult(d *predicate.Draft, sealed *sealedResult) *statementResult {
	r := &statementResult{PredicateType: d.PredicateType, Subjects: subjectResults(d.Subjects), sealedResult: sealed}
	r.Decision = d.Decision
	if doc := d.Document; doc != nil {
		r.Document = &documentResult{doc.Format, doc.Version, doc.Count, doc.CountOf, hex.EncodeToString(doc.SHA256[:]), doc.Size, doc.Entries()}
	}
	return r
}

func subjectResults(list []intoto.Subject) []subjectResult {
	out := make([]subjectResult, len(list))
	for i, s := range list {
		out[i] = subjectResult{s.Name, s.Digest}
	}
	return out
}

// maxShownSubjects bounds the subjects in the text form; JSON has all.
const maxShownSubjects = 10

// Text implements ui.Result.
func (r *statementResult) Text(p *ui.Printer) {
	p.Status(ui.Passed, ui.T("signed "+r.what()))
	pairs := subjectPairs(p, r.Subjects)
	pairs = append(pairs, ui.P("type", ui.T(r.PredicateType)))
	if r.Decision != "" {
		pairs = append(pairs, ui.P("decision", ui.T(r.Decision)))
	}
	p.Pairs(append(pairs, r.sealedResult.pairs(p)...)...)
}

func (r *statementResult) what() string {
	d := r.Document
	if d == nil {
		return "statement"
	}
	what := d.Format
	if d.Version != "" {
		what += " " + d.Version
	}
	if d.entries != "" {
		what += " (" + d.entries + ")"
	}
	return what
}

func subjectPairs(p *ui.Printer, list []subjectResult) []ui.Pair {
	var pairs []ui.Pair
	for i, s := range list {
		if i == maxShownSubjects {
			return append(pairs, ui.P("", ui.T(fmt.Sprintf("and %d more", len(list)-i))))
		}
		pairs = append(pairs, ui.P("subject", ui.T(s.Name+"  "), p.Digest(predicate.MainDigest(s.Digest))))
	}
	return pairs
}
