package audit

import (
	"context"
	"crypto/sha256"

	"github.com/stellaops/stella/pkg/dsse"
)

// Held are entries that wait to be appended, in the bytes that the log will have:
// those of many signatures, which share an fsync. Its zero value is empty. It is
// not safe for concurrent use.
type Held struct {
	text []byte // the entries, one after the other
	uses []heldUse
}

// heldUse is an entry that is held.
type heldUse struct {
	end int     // of its text
	by  *Signer // nil for nobody who wants to know of it
}

// Len returns the number of entries.
func (h *Held) Len() int { return len(h.uses) }

// Reset empties h and keeps its memory.
func (h *Held) Reset() { h.text, h.uses = h.text[:0], h.uses[:0] }

func (h *Held) add(e *Entry) {
	h.text = appendEntry(h.text, e)
	h.end(nil)
}

// end ends an entry, of a use of by.
func (h *Held) end(by *Signer) { h.uses = append(h.uses, heldUse{len(h.text), by}) }

// Brief is what [Signer.Hold] has to know of a message: Content, in memory that is
// used again for the next one.
type Brief struct {
	Subjects      [][]byte // digests of the first MaxSubjects subjects, sha256:<hex>
	SubjectCount  int
	PredicateType string
	Payload       Hash
}

func (b *Brief) content() Content {
	c := Content{SubjectCount: b.SubjectCount, PredicateType: b.PredicateType, PayloadSHA256: b.Payload.String()}
	for _, digest := range b.Subjects {
		c.Subjects = append(c.Subjects, string(digest))
	}
	return c
}

// Log returns the log that uses of s are recorded in.
func (s *Signer) Log() *Log { return s.log }

// Hold signs m, about which brief says everything, without recording it: the entry
// goes into h, also after an error, behind those of other signers with the same
// log. The caller has the log append h, and releases the signature only then.
func (s *Signer) Hold(ctx context.Context, h *Held, m dsse.Message, brief *Brief) (dsse.Signature, error) {
	signature, err := s.inner.Sign(ctx, m)
	if err != nil {
		e := s.entry(brief.content(), signature, err)
		h.text = appendEntry(h.text, &e)
		h.end(s)
		return dsse.Signature{}, err
	}
	// What add would write of the same entry.
	h.text = append(h.text, s.constant...)
	h.text = appendContent(h.text, brief.Subjects, brief.SubjectCount, brief.PredicateType)
	h.text = appendHash(h.text, payloadMember, brief.Payload)
	h.text = appendHash(h.text, signatureMember, sha256.Sum256(signature.Sig))
	h.text = appendDecision(h.text, &Outcome{Decision: Allowed})
	h.end(s)
	return signature, nil
}
