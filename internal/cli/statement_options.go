package cli

import (
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

func (f *statementFlags) options(s *session, file *input.File) (predicate.Options, error) {
	var subs []intoto.Subject
	for _, t := range f.subjects {
		sub, err := predicate.ParseSubject(t)
		if err != nil {
			return predicate.Options{}, err
		}
		subs = append(subs, sub)
	}
	return predicate.Options{Name: file.Name(), Preserve: f.preserve, Subjects: subs}, nil
}
