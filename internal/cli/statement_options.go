package cli

import (
	"slices"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// options gathers what the flags say about a statement.
func (f *statementFlags) options(s *session) (predicate.Options, error) {
	o := predicate.Options{
		SubjectFromDocument: f.fromDocument, Preserve: f.preserve,
		Reference: f.reference, URI: f.uri, Type: f.predicateType,
	}
	for _, text := range f.subjects {
		subject, err := predicate.ParseSubject(text)
		if err != nil {
			return o, err
		}
		o.Subjects = append(o.Subjects, subject)
	}
	for _, name := range f.subjectsFrom {
		list, err := subjectsFrom(s, name)
		if err != nil {
			return o, err
		}
		o.Subjects = append(o.Subjects, list...)
	}
	return o, nil
}

// files returns the files that a statement about the document is made from.
// What --subject names may also be no file.
func (f *statementFlags) files(document string) []string {
	return slices.Concat([]string{document}, f.subjects, f.subjectsFrom)
}

// maxSums bounds a file of checksums, in bytes.
const maxSums = 64 << 20

func subjectsFrom(s *session, name string) ([]intoto.Subject, error) {
	f, err := input.Open(name, s.Stdin, maxSums)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return predicate.ParseSums(f)
}
