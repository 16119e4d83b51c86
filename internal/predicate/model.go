package predicate

import (
	"bytes"
	"strconv"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// Model is a predicate as Go values.
type Model interface {
	// PredicateType is the URI under which it is written.
	PredicateType() string
}

var _ = []Model{
	(*VEXDecision)(nil), (*Graph)(nil), (*PolicyEvaluation)(nil), (*EvidenceBundle)(nil), (*Replay)(nil), (*Provenance)(nil), (*Promotion)(nil),
}

// Marshal returns a predicate in canonical form, or predicate.invalid if it does not
// follow the schema of its type.
func Marshal(m Model) ([]byte, error) {
	b, err := canonicalJSON(m)
	if err != nil {
		return nil, err
	}
	return b, Check(m.PredicateType(), bytes.NewReader(b))
}

// NewDraft drafts the statement that a predicate makes about the subjects. There must be
// one: else it is subject.invalid.
func NewDraft(m Model, subjects ...intoto.Subject) (*Draft, error) {
	if len(subjects) == 0 {
		return nil, fault.New(fault.SubjectInvalid, "a predicate needs something that it is about")
	}
	b, err := Marshal(m)
	if err != nil {
		return nil, err
	}
	subjects, err = merge(subjects)
	if err != nil {
		return nil, err
	}
	message, err := intoto.NewMessage(m.PredicateType(), subjects, dsse.Bytes(b))
	if err != nil {
		return nil, fault.Wrap(fault.StatementInvalid, err, "failed to build the statement")
	}
	return &Draft{Message: message, PredicateType: m.PredicateType(), Subjects: subjects}, nil
}

// Program is what made something.
type Program struct {
	Name    string `json:"name"`
	Version string `json:"version,omitzero"`
}

// Reference names a document by its digest.
type Reference struct {
	Name   string `json:"name"`
	Digest string `json:"digest"` // sha256:<hex>
}

// Bounds in the predicates about decisions; schema/*.json has the same.
const (
	maxRefs    = 1024 // documents that something rests on
	maxOutcome = 4096 // rules of an evaluation
)

// program adds the shape of what made something.
func (s shape) program(at string, required bool) {
	s[at] = rule{kind: canonical.Object, required: required}
	s[at+"/name"] = rule{kind: canonical.String, required: true, check: sentence(maxWord)}
	s[at+"/version"] = rule{kind: canonical.String, check: sentence(maxWord)}
}

// references adds the shape of a list of documents, each by name and digest.
func (s shape) references(at string, required bool) {
	s[at] = rule{kind: canonical.Array, required: required, size: between(1, maxRefs, "documents")}
	s[at+"/*"] = rule{kind: canonical.Object}
	s[at+"/*/name"] = rule{kind: canonical.String, required: true, check: sentence(maxWord)}
	s[at+"/*/digest"] = rule{kind: canonical.String, required: true, check: policyDigest}
}

// fraction is a number from 0 to 1.
func fraction(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err != nil || f < 0 || f > 1 {
		return "a number from 0 to 1"
	}
	return ""
}

// percent is a number from 0 to 100.
func percent(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err != nil || f < 0 || f > 100 {
		return "a number from 0 to 100"
	}
	return ""
}

// digests adds the shape of a list of digests.
func (s shape) digests(at string) {
	s[at] = rule{kind: canonical.Array, size: between(1, maxRefs, "digests")}
	s[at+"/*"] = rule{kind: canonical.String, check: policyDigest}
}
