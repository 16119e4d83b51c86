package predicate

import (
	"io"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Statement drafts a statement from a file that is one already, or from a bare
// predicate with Type and Subjects.
//
// A ready statement is signed as what it is: version 1 with exactly the four
// members that the specification names, in canonical form or, with Preserve,
// byte for byte. It names its type and subjects itself, so none can be added,
// and a Type must be its own. A bare predicate is not a subject of its own
// statement, unlike an SBOM or report: it says something about other things.
func Statement(f *input.File, o Options) (*Draft, error) {
	switch {
	case o.Reference, o.URI != "":
		return nil, fault.New(fault.UsageInvalid, "a statement is always embedded: it cannot be a reference")
	case o.SubjectFromDocument:
		return nil, fault.New(fault.UsageInvalid, "a statement has no subjects beside those that are given").
			WithHint("name them: --subject FILE, or NAME@sha256:<hex>")
	}
	s := &source{file: f}
	if !o.Preserve && startsJSON(f) {
		b, err := f.ReadAll()
		if err != nil {
			return nil, err
		}
		s.file, s.json = input.FromBytes(f.Name(), b), b
	}
	ready, err := s.readStatement(&o)
	if err != nil {
		return nil, err
	}
	if o.BareReplay {
		return s.bareReplay(&o, ready)
	}
	if ready {
		return s.readyStatement(&o)
	}
	return s.barePredicate(&o)
}

// readStatement hashes the input and finds out whether it is a statement. With
// a Type, any other JSON object is a predicate.
func (s *source) readStatement(o *Options) (ready bool, err error) {
	s.doc, err = examine(s.file)
	switch {
	case err != nil:
		return false, err
	case s.doc.Kind.Is(KindStatement):
		return true, nil
	case s.doc.Encoding != JSON:
		return false, located(s.file, unrecognized(article(s.doc)).WithHint("a statement or predicate is JSON"))
	case o.Type != "":
		return false, nil
	case s.doc.refusal != nil:
		e := fault.Wrap(fault.InputUnrecognized, s.doc.refusal, "it is not an in-toto statement")
		if e.Hint = fault.HintOf(s.doc.refusal); e.Hint == "" {
			e.Hint = "to sign it as a predicate, add --type TYPE and --subject S"
		}
		return false, located(s.file, e)
	}
	command := "report"
	if s.doc.Kind.Is(KindSBOM) {
		command = "sbom"
	}
	return false, located(s.file, fault.New(fault.InputUnrecognized, "it is not an in-toto statement but looks like %s", article(s.doc)).
		WithHint("use stella sign %s %s, or add --type TYPE and --subject S", command, fileWord(s.file)))
}

// barePredicate signs any JSON object under a type, about given subjects.
func (s *source) barePredicate(o *Options) (*Draft, error) {
	predicateType, err := Resolve(o.Type)
	switch {
	case err != nil:
		return nil, err
	case len(o.Subjects) == 0:
		return nil, located(s.file, fault.New(fault.SubjectInvalid, "a predicate needs something that it is about").
			WithHint("add --subject FILE, or --subject NAME@sha256:<hex>"))
	}
	if err := s.checkAs(predicateType); err != nil {
		return nil, err
	}
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	subjects, err := merge(o.Subjects)
	if err != nil {
		return nil, err
	}
	m, err := intoto.NewMessage(predicateType, subjects, content)
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to build the statement")
	}
	return &Draft{Message: m, PredicateType: predicateType, Subjects: subjects}, nil
}

// formatTypes are the types whose predicates are documents of a format.
func formatTypes() []string {
	return []string{TypeCycloneDX, TypeSPDX, TypeSyft, TypeOpenVEX, TypeVuln, TypeVulns}
}

// bareReplay signs a replay manifest without a statement around it.
func (s *source) bareReplay(o *Options, ready bool) (*Draft, error) {
	uri, err := Resolve(o.Type)
	switch {
	case ready || err != nil || uri != TypeReplay:
		return nil, located(s.file, fault.New(fault.UsageInvalid, "only a replay manifest has a payload type of its own").
			WithHint("say that it is one: --type replay"))
	case len(o.Subjects) > 0:
		return nil, located(s.file, fault.New(fault.UsageInvalid, "a bare replay manifest is no statement, and has no subjects").
			WithHint("sign it in a statement: leave --payload-type away"))
	}
	content, err := s.embed(TypeReplay)
	if err != nil {
		return nil, err
	}
	return &Draft{Message: dsse.NewMessage(PayloadTypeReplay, content), PredicateType: TypeReplay}, nil
}

// checkAs refuses a predicate that is not of the format or schema of its type,
// as far as stella knows it.
func (s *source) checkAs(predicateType string) error {
	for _, of := range formatTypes() {
		if !Matches(of, predicateType) || s.doc.typ == of {
			continue
		}
		e := fault.New(fault.PredicateInvalid, "it is not a document of type %q", predicateType)
		if s.doc.refusal != nil {
			e.Err = s.doc.refusal
		}
		return located(s.file, e)
	}
	return s.check(predicateType)
}

// readyStatement signs a statement as it is.
func (s *source) readyStatement(o *Options) (*Draft, error) {
	if len(o.Subjects) > 0 || o.Name != "" {
		return nil, located(s.file, fault.New(fault.UsageInvalid, "a ready statement names its subjects itself").
			WithHint("add them in the statement, or sign its predicate alone with --type and --subject"))
	}
	statement, err := s.parse()
	if err != nil {
		return nil, located(s.file, err)
	}
	if err := checkReady(statement, o); err != nil {
		return nil, located(s.file, err)
	}
	content, err := s.content()
	if err != nil {
		return nil, err
	}
	return &Draft{
		Message:       dsse.NewMessage(dsse.PayloadTypeInToto, content),
		PredicateType: statement.PredicateType,
		Subjects:      statement.Subjects,
		Document:      s.doc,
	}, nil
}

// parse reads the statement and holds its predicate to its schema.
func (s *source) parse() (statement *intoto.Statement, err error) {
	p := &passes{f: s.file, want: s.doc.SHA256}
	err = p.over(func(r io.Reader) error {
		statement, err = intoto.ParseStatement(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if shapeOf(statement.PredicateType) == nil {
		return statement, nil
	}
	return statement, p.over(func(r io.Reader) error { return CheckStatement(statement.PredicateType, r) })
}

// checkReady refuses what stella does not sign though it can be read.
func checkReady(s *intoto.Statement, o *Options) error {
	if s.Type != intoto.StatementV1 {
		return fault.New(fault.StatementInvalid, "it is a statement of type %q, and stella signs %q", s.Type, intoto.StatementV1).
			WithHint("change its _type, or sign its predicate alone with --type and --subject")
	}
	if len(s.Extra) > 0 {
		return fault.New(fault.StatementInvalid, "statement has the member %.100q, and the specification knows only _type, subject, predicateType and predicate", s.Extra[0]).
			WithHint("remove it: other verifiers refuse the statement")
	}
	if s.NoPredicate {
		return fault.New(fault.StatementInvalid, "the statement has no predicate, and stella signs none without").
			WithHint(`write an empty one: "predicate":{}`)
	}
	if err := checkURI(s.PredicateType); err != nil {
		return fault.New(fault.StatementInvalid, "predicateType %.100q is not a URI", s.PredicateType)
	}
	if o.Type != "" && !Matches(o.Type, s.PredicateType) {
		return fault.New(fault.UsageInvalid, "its predicateType is %q, not %q", s.PredicateType, o.Type).
			WithHint("leave --type away: a ready statement names its type itself")
	}
	return nil
}
