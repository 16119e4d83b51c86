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
	ends []int  // where each ends
}

// Len returns the number of entries.
func (h *Held) Len() int { return len(h.ends) }

// Reset empties h and keeps its memory.
func (h *Held) Reset() { h.text, h.ends = h.text[:0], h.ends[:0] }

func (h *Held) add(e *Entry) {
	h.text = appendEntry(h.text, e)
	h.ends = append(h.ends, len(h.text))
}

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

// Hold signs m, about which brief says everything, without recording it: the entry
// goes into h, also after an error. The caller appends h, and releases the
// signature only then.
func (s *Signer) Hold(ctx context.Context, h *Held, m dsse.Message, brief *Brief) (dsse.Signature, error) {
	signature, err := s.inner.Sign(ctx, m)
	if err != nil {
		e := s.entry(brief.content(), signature, err)
		h.add(&e)
		return dsse.Signature{}, err
	}
	// What add would write of the same entry.
	h.text = append(h.text, s.constant...)
	h.text = appendContent(h.text, brief.Subjects, brief.SubjectCount, brief.PredicateType)
	h.text = appendHash(h.text, payloadMember, brief.Payload)
	h.text = appendHash(h.text, signatureMember, sha256.Sum256(signature.Sig))
	h.text = appendDecision(h.text, &Outcome{Decision: Allowed})
	h.ends = append(h.ends, len(h.text))
	return signature, nil
}

// AppendHeld appends what h holds to the log, and returns when it is on disk.
func (s *Signer) AppendHeld(h *Held) error {
	first, err := s.log.AppendHeld(h)
	if err != nil {
		return err
	}
	for i := range h.Len() {
		s.note(first + uint64(i))
	}
	return nil
}
