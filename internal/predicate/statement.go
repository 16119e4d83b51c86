package predicate

import (
	"bytes"
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// check holds the input to the schema of a predicate type.
func (p *passes) check(predicateType string) error {
	return p.over(func(r io.Reader) error { return Check(predicateType, r) })
}

// Statement drafts a statement that f holds already, or with Type one whose
// predicate f is and whose subjects are given.
//
// A ready statement is signed as it stands with Preserve, and else in
// canonical form, which must be a Statement v1 with exactly its four members:
// other verifiers refuse a fifth.
func Statement(f *input.File, o Options) (*Draft, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Type != "" {
		return predicateDraft(f, &o)
	}
	return readyStatement(f, &o)
}

func readyStatement(f *input.File, o *Options) (*Draft, error) {
	if len(o.Subjects) > 0 {
		return nil, fault.New(fault.UsageInvalid, "a ready statement has its subjects").
			WithHint("leave --subject away, or say --type to make a statement of a predicate")
	}
	doc, err := Recognize(f)
	if err != nil {
		return nil, err
	}
	if !doc.Kind.Is(KindStatement) {
		return nil, located(f, fault.New(fault.InputUnrecognized, "it is not an in-toto statement but looks like %s", article(doc)).
			WithHint("to sign it as a predicate say --type URI and --subject"))
	}
	content, err := statementContent(f, doc, o.Preserve)
	if err != nil {
		return nil, err
	}
	m := dsse.NewMessage(dsse.PayloadTypeInToto, content)
	r := dsse.NewReader(m)
	defer r.Close()
	s, err := intoto.ParseStatement(r, nil)
	if err != nil {
		return nil, located(f, err)
	}
	if err := strictStatement(f, s, o.Preserve); err != nil {
		return nil, err
	}
	return &Draft{Message: m, PredicateType: s.PredicateType, Subjects: s.Subjects, Document: doc}, nil
}

func statementContent(f *input.File, doc *Document, preserve bool) (dsse.Content, error) {
	if preserve {
		return f.Pin(doc.SHA256), nil
	}
	b, err := f.ReadAll()
	if err != nil {
		return nil, err
	}
	return canonicalize(f, b)
}

func strictStatement(f *input.File, s *intoto.Statement, preserve bool) error {
	switch {
	case len(s.Extra) > 0:
		return located(f, fault.New(fault.StatementInvalid, "the statement has the member %q beside its four, which other verifiers refuse", s.Extra[0]))
	case s.Type != intoto.StatementV1 && !preserve:
		return located(f, fault.New(fault.StatementInvalid, "the statement is of type %q, and stella signs %q", s.Type, intoto.StatementV1).
			WithHint("change its _type, or sign it as it is: --preserve"))
	}
	return nil
}

// predicateDraft makes a statement of a bare predicate.
func predicateDraft(f *input.File, o *Options) (*Draft, error) {
	if len(o.Subjects) == 0 {
		return nil, fault.New(fault.UsageInvalid, "a predicate needs something that it is about").WithHint("say what: --subject FILE")
	}
	predicateType, err := resolve(o.Type)
	if err != nil {
		return nil, err
	}
	content, err := f.Content()
	if err != nil {
		return nil, err
	}
	if err := (&passes{f: f, want: content.Sum()}).check(predicateType); err != nil {
		return nil, located(f, err)
	}
	var embedded dsse.Content = content
	if !o.Preserve {
		b, err := f.ReadAll()
		if err != nil {
			return nil, err
		}
		if embedded, err = canonicalize(f, bytes.Clone(b)); err != nil {
			return nil, err
		}
	}
	subjects, err := merge(o.Subjects)
	if err != nil {
		return nil, err
	}
	m, err := intoto.NewMessage(predicateType, subjects, embedded)
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to build the statement")
	}
	return &Draft{Message: m, PredicateType: predicateType, Subjects: subjects}, nil
}
