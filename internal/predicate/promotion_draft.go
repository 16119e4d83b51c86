package predicate

import (
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Draft drafts the statement about the promoted image.
func (p *Promotion) Draft() (*Draft, error) {
	b, err := p.Marshal()
	if err != nil {
		return nil, err
	}
	subjects := []intoto.Subject{{Name: p.Subject[0].Name, Digest: p.Subject[0].Digest}}
	return draftOf(TypePromotion, subjects, b)
}

// draftOf drafts a statement with a predicate that was built here, in canonical form.
func draftOf(predicateType string, subjects []intoto.Subject, predicate []byte) (*Draft, error) {
	subjects, err := merge(subjects)
	if err != nil {
		return nil, err
	}
	m, err := intoto.NewMessage(predicateType, subjects, dsse.Bytes(predicate))
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to build the statement")
	}
	return &Draft{Message: m, PredicateType: predicateType, Subjects: subjects}, nil
}
