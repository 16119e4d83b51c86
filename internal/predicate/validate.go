package predicate

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// Validate holds a predicate to its type, as Statement does before it signs, and
// returns the type's URI. With nameOrURI, f is the predicate alone, else a whole
// statement. A type that nothing is known of is refused: nothing would be checked.
func Validate(f *input.File, nameOrURI string) (uri string, err error) {
	s := &source{file: f}
	ready, err := s.readStatement(&Options{Type: nameOrURI})
	if err != nil {
		return "", s.withTypeHint(err)
	}
	if !ready {
		uri, err = Resolve(nameOrURI)
		if err == nil {
			err = known(uri)
		}
		if err != nil {
			return "", err
		}
		return uri, s.checkAs(uri)
	}
	statement, err := s.parse()
	if err == nil {
		err = checkReady(statement, &Options{Type: nameOrURI})
	}
	if err == nil {
		err = known(statement.PredicateType)
	}
	if err != nil {
		return "", located(f, err)
	}
	return statement.PredicateType, nil
}

// withTypeHint tells who validates a predicate alone to say what it is. What is told of
// signing it would not help.
func (s *source) withTypeHint(err error) error {
	if fault.ReasonOf(err) != fault.InputUnrecognized || s.doc == nil || s.doc.Encoding != JSON || fault.HintOf(s.doc.refusal) != "" {
		return err
	}
	e := fault.Wrap(fault.InputUnrecognized, err, "")
	if t, found := Lookup(s.doc.typ); found == nil && s.doc.typ != "" {
		return e.WithHint("say of which type the predicate is: --type %s", t.Name)
	}
	return e.WithHint("say of which type the predicate is: --type TYPE; stella predicate list shows them")
}

// known refuses a type that nothing is known of.
func known(uri string) error {
	if shapeOf(uri) != nil {
		return nil
	}
	return fault.New(fault.UsageInvalid, "stella has no schema of %q to hold it to", uri).
		WithHint("stella predicate list shows the types; stella predicate show TYPE whether there is a schema")
}
