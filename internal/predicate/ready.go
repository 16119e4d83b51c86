package predicate

import (
	"bytes"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/dsse/canonical"
)

// Ready is a ready statement as it is signed.
type Ready struct {
	// Payload is what is signed.
	Payload       []byte
	PredicateType string
	// Subjects counts the subjects, and Digests has the main digest of the first
	// of them, at most as many as the reader was told to list. They are valid until
	// the reader reads the next statement.
	Subjects int
	Digests  [][]byte
}

// ReadyReader reads many small ready statements, one after the other. It signs
// nothing that [Statement] would not sign, and the same bytes: what it does not
// recognise at a glance goes to Statement itself, which also has the words for
// what is wrong. It is not safe for concurrent use.
type ReadyReader struct {
	options Options
	list    int
	quick   bool
	shaped  map[string]bool // types that are held to a schema
	texts   canonical.Appender
	last    string // the last predicate type, which is mostly the next one as well
	digests digestList
}

// NewReadyReader returns a reader of statements that are drafted with o. It
// lists the digests of the first list subjects of each.
func NewReadyReader(o Options, list int) *ReadyReader {
	plain := !o.Preserve && !o.Reference && !o.SubjectFromDocument && o.Type == "" && o.URI == "" && o.Name == "" && len(o.Subjects) == 0
	return &ReadyReader{options: o, list: list, quick: plain, shaped: shaped(), texts: canonical.Appender{Options: canonical.Options{ExactNumbers: true}}}
}

// Read drafts the statement in text, which comes from the input called name, and
// appends its payload to dst. The errors are those of Statement.
func (r *ReadyReader) Read(dst []byte, name string, text []byte) (Ready, error) {
	if ready, ok := r.glance(dst, text); ok {
		return ready, nil
	}
	d, err := Statement(input.FromBytes(name, text), r.options)
	if err != nil {
		return Ready{}, err
	}
	out := bytes.NewBuffer(dst)
	if _, err := d.Message.WriteTo(out); err != nil {
		return Ready{}, err
	}
	ready := Ready{Payload: out.Bytes()[len(dst):], PredicateType: d.PredicateType, Subjects: len(d.Subjects)}
	for _, s := range d.Subjects[:min(len(d.Subjects), r.list)] {
		ready.Digests = append(ready.Digests, []byte(MainDigest(s.Digest)))
	}
	return ready, nil
}

// glance reads a statement of the usual form. It looks at the canonical text,
// which has one order and no white space, so there is little to look for.
func (r *ReadyReader) glance(dst, text []byte) (Ready, bool) {
	if !r.quick || len(text) == 0 || text[0] != '{' {
		return Ready{}, false
	}
	whole, err := r.texts.Append(dst, text)
	if err != nil {
		return Ready{}, false
	}
	payload := whole[len(dst):]
	r.digests.reset()
	g := glancer{rest: payload, list: r.list, digests: &r.digests}
	if !g.statement() {
		return Ready{}, false
	}
	if string(g.predicateType) != r.last {
		name := string(g.predicateType)
		if r.shaped[name] || checkURI(name) != nil {
			return Ready{}, false
		}
		r.last = name
	}
	return Ready{Payload: payload, PredicateType: r.last, Subjects: g.subjects, Digests: r.digests.list}, true
}
