package promotion

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"fmt"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// envelope is one signed document, and what it says before anybody verified it.
type envelope struct {
	item      bundle.Item
	ref       predicate.AttestationRef
	statement *intoto.Statement   // nil if the payload is none
	documents map[string]attested // that were read, by role
}

// newEnvelope reads what an item says. It is nil for one that is no envelope.
func newEnvelope(ctx context.Context, item bundle.Item) (*envelope, error) {
	if item.Envelope == nil {
		return nil, nil
	}
	m := item.Envelope.UnverifiedMessage()
	h := sha256.New()
	if _, err := m.WriteTo(h); err != nil {
		return nil, err
	}
	e := &envelope{item: item, documents: make(map[string]attested)}
	e.ref.PayloadSHA256 = "sha256:" + hex.EncodeToString(h.Sum(nil))
	h.Reset()
	if err := dsse.WriteSigned(ctx, h, m, item.Envelope.Signatures()); err != nil {
		return nil, err
	}
	e.ref.BundleSHA256 = "sha256:" + hex.EncodeToString(h.Sum(nil))
	if m.PayloadType() != dsse.PayloadTypeInToto {
		return e, nil
	}
	r := dsse.NewReader(m)
	defer r.Close()
	if s, err := intoto.ParseStatement(r); err == nil {
		e.statement = s
	}
	return e, ctx.Err()
}

// is reports whether the envelope holds a statement of a predicate type.
func (e *envelope) is(predicateType string) bool {
	return e.statement != nil && predicate.Matches(predicateType, e.statement.PredicateType)
}

// names reports whether the statement has a subject with this SHA-256, in hex.
func (e *envelope) names(digest string) bool {
	if e.statement == nil {
		return false
	}
	for _, s := range e.statement.Subjects {
		if s.Digest["sha256"] == digest {
			return true
		}
	}
	return false
}

// place says where the envelope is, for people.
func (e *envelope) place() string {
	name := fmt.Sprintf("%q", e.item.Source)
	if e.item.Member != "" {
		name += ", member " + e.item.Member
	}
	if e.item.Line > 0 {
		name = fmt.Sprintf("%s, line %d", name, e.item.Line)
	}
	if e.item.Part != "" {
		name += ", " + e.item.Part
	}
	return name
}

// predicate returns the predicate as it stands in the payload.
func (e *envelope) predicate() (jsontext.Value, error) {
	m := e.item.Envelope.UnverifiedMessage()
	if m.Size() > maxPredicate {
		return nil, fault.New(fault.InputTooLarge, "%s: the statement is over the limit of %d bytes", e.place(), maxPredicate)
	}
	r := dsse.NewReader(m)
	defer r.Close()
	d := jsontext.NewDecoder(r)
	if _, err := d.ReadToken(); err != nil {
		return nil, malformed(e, err)
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, malformed(e, err)
		}
		if name.String() != "predicate" {
			if err := d.SkipValue(); err != nil {
				return nil, malformed(e, err)
			}
			continue
		}
		v, err := d.ReadValue()
		if err != nil {
			return nil, malformed(e, err)
		}
		return v.Clone(), nil
	}
	return nil, fault.New(fault.StatementInvalid, "%s: the statement has no predicate", e.place())
}

func malformed(e *envelope, err error) error {
	return fault.Wrap(fault.StatementInvalid, err, "%s", e.place())
}
