package promotion

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/v2"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// fileDocument is a file that is a document.
func fileDocument(f *input.File, role string) (*document, error) {
	doc, err := predicate.Recognize(f)
	if err != nil {
		return nil, err
	}
	if !plays(doc.Kind, role) {
		return nil, fault.New(fault.InputUnrecognized, "%s is %s, which is no %s", input.Display(f.Name()), doc, role).
			WithHint("give it under the flag of what it is")
	}
	return newDocument(f.Name(), hex.EncodeToString(doc.SHA256[:]), formatOf(doc), doc, func() (*input.File, error) { return f, nil }), nil
}

// plays reports whether a document may have a role.
func plays(k predicate.Kind, role string) bool {
	switch role {
	case predicate.RoleSBOM:
		return k.Is(predicate.KindSBOM)
	case predicate.RoleVEX:
		return k.Is(predicate.KindVEX)
	}
	return k.Is(predicate.KindReport)
}

func formatOf(d *predicate.Document) string {
	if d.Version == "" {
		return d.Format
	}
	return d.Format + "-" + d.Version
}

// stated is what stella's own predicates say of a document that they stand for.
type stated struct {
	Digest  map[string]string `json:"digest"`
	Format  string            `json:"format"`
	Version string            `json:"version"`
	Report  *stated           `json:"report"`
}

// roleTypes are the predicate types of what may have a role.
func roleTypes(role string) []string {
	switch role {
	case predicate.RoleSBOM:
		return []string{predicate.TypeCycloneDX, predicate.TypeSPDX, predicate.TypeSyft, predicate.TypeSBOM}
	case predicate.RoleVEX:
		return []string{predicate.TypeOpenVEX, predicate.TypeCycloneDX, predicate.TypeVEX, predicate.TypeVEXDecision}
	}
	return []string{predicate.TypeReport, predicate.TypeVulns, predicate.TypeVuln, predicate.TypeVerdict, predicate.TypePolicyDecision}
}

// attested is the document that an envelope attests in a role, or why there is none.
type attested struct {
	document *document
	err      error
}

// attested returns the document that an envelope attests, as far as the envelope
// itself tells: what it states of it, or what is embedded as it stands there. It is read
// once.
func (e *envelope) attested(role string) (*document, error) {
	known, ok := e.documents[role]
	if !ok {
		known.document, known.err = e.readAttested(role)
		e.documents[role] = known
	}
	return known.document, known.err
}

func (e *envelope) readAttested(role string) (*document, error) {
	if e.statement == nil {
		return nil, fault.New(fault.StatementInvalid, "%s holds no in-toto statement", e.place())
	}
	known := false
	for _, t := range roleTypes(role) {
		known = known || e.is(t)
	}
	if !known {
		return nil, fault.New(fault.PredicateType, "%s attests %.200q, which is no %s", e.place(), e.statement.PredicateType, role).
			WithHint("give it under the flag of what it is; stella attest show says what is inside")
	}
	raw, err := e.predicate()
	if err != nil {
		return nil, err
	}
	if e.is(predicate.TypeSBOM) || e.is(predicate.TypeReport) || e.is(predicate.TypeVEX) {
		return e.state(raw)
	}
	return e.embedded(role, raw)
}

// embedded returns the document that is the predicate.
func (e *envelope) embedded(role string, raw []byte) (*document, error) {
	sum := sha256.Sum256(raw)
	f := input.FromBytes(e.item.Source, raw)
	text := func() (*input.File, error) {
		if f != nil {
			return f, nil
		}
		again, err := e.predicate()
		return input.FromBytes(e.item.Source, again), err
	}
	defer func() { f = nil }() // from then on it is taken out of the payload again
	doc, err := predicate.Recognize(f)
	if err != nil { // it is of no format that has claims of its own
		return newDocument(e.item.Source, hex.EncodeToString(sum[:]), e.statement.PredicateType, nil, text), nil
	}
	if !plays(doc.Kind, role) {
		return nil, fault.New(fault.PredicateType, "%s attests %s, which is no %s", e.place(), doc, role).
			WithHint("give it under the flag of what it is")
	}
	d := newDocument(e.item.Source, hex.EncodeToString(sum[:]), formatOf(doc), doc, text)
	if role == predicate.RoleSBOM {
		_, _ = d.claims() // they will be asked for, and the text is at hand; so will be the error
	}
	return d, nil
}

// state reads what stella's own predicates say of the document that they stand for.
func (e *envelope) state(raw []byte) (*document, error) {
	if err := predicate.Check(e.statement.PredicateType, bytes.NewReader(raw)); err != nil {
		return nil, fault.Wrap(fault.ReasonOf(err), err, "%s", e.place())
	}
	var s stated
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, malformed(e, err)
	}
	if s.Report != nil {
		s = *s.Report
	}
	format := s.Format
	if s.Version != "" {
		format += "-" + s.Version
	}
	return statedDocument(e.item.Source, s.Digest["sha256"], format), nil
}

func digests(list []intoto.Subject) []string {
	var out []string
	for _, s := range list {
		if sum := s.Digest["sha256"]; sum != "" {
			out = append(out, sum)
		}
	}
	return out
}
