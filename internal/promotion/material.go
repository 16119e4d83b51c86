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

// document is a document of a material: a file, or what an attestation embeds or
// states.
type document struct {
	name   string
	digest string // SHA-256 in hex
	format string
	stated bool // it is not embedded: the attestation states its digest
	// file is the text, nil if it is only stated; doc is there if its own claims can be read.
	file *input.File
	doc  *predicate.Document
}

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
	return &document{name: f.Name(), digest: hex.EncodeToString(doc.SHA256[:]), format: formatOf(doc), file: f, doc: doc}, nil
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

// attested returns the document that an envelope attests, as far as the envelope
// itself tells: what it states of it, or what is embedded as it stands there.
func (e *envelope) attested(role string) (*document, error) {
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
	d := &document{name: e.item.Source}
	if e.is(predicate.TypeSBOM) || e.is(predicate.TypeReport) || e.is(predicate.TypeVEX) {
		return d, d.state(e, raw)
	}
	sum := sha256.Sum256(raw)
	d.digest, d.format = hex.EncodeToString(sum[:]), e.statement.PredicateType
	d.file = input.FromBytes(e.item.Source, raw)
	doc, err := predicate.Recognize(d.file)
	if err != nil {
		return d, nil //nolint:nilerr // it is of no format that has claims of its own
	}
	d.doc, d.format = doc, formatOf(doc)
	if !plays(doc.Kind, role) {
		return nil, fault.New(fault.PredicateType, "%s attests %s, which is no %s", e.place(), doc, role).
			WithHint("give it under the flag of what it is")
	}
	return d, nil
}

// state reads what stella's own predicates say of the document that they stand for.
func (d *document) state(e *envelope, raw []byte) error {
	if err := predicate.Check(e.statement.PredicateType, bytes.NewReader(raw)); err != nil {
		return fault.Wrap(fault.ReasonOf(err), err, "%s", e.place())
	}
	var s stated
	if err := json.Unmarshal(raw, &s); err != nil {
		return malformed(e, err)
	}
	if s.Report != nil {
		s = *s.Report
	}
	d.digest, d.format, d.stated = s.Digest["sha256"], s.Format, true
	if s.Version != "" {
		d.format += "-" + s.Version
	}
	return nil
}

// claims returns the digests, SHA-256 in hex, of what the document says it describes.
func (d *document) claims() ([]string, error) {
	if d == nil || d.doc == nil {
		return nil, nil
	}
	list, err := predicate.Claims(d.file, d.doc)
	if err != nil {
		return nil, err
	}
	return digests(list), nil
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
