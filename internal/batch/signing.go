package batch

import (
	"context"
	"crypto/sha256"
	"slices"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
)

// signing signs one chunk at a time. It keeps its buffers.
type signing struct {
	*run
	statements *predicate.ReadyReader
	payload    []byte
	message    dsse.Buffer
	brief      audit.Brief
	signatures []dsse.Signature
	audited    []*audit.Signer // of Signers, nil for one whose uses are not recorded
}

func (r *run) newSigning() func(*chunk) {
	s := &signing{
		run:        r,
		statements: predicate.NewReadyReader(r.Statement, audit.MaxSubjects),
		signatures: make([]dsse.Signature, len(r.Signers)),
		audited:    make([]*audit.Signer, len(r.Signers)),
	}
	for i, signer := range r.Signers {
		s.audited[i], _ = signer.(*audit.Signer)
	}
	return func(c *chunk) {
		if err := s.chunk(c); err != nil {
			c.err = err
		}
	}
}

// chunk puts the evidence of all items into c.out. After an error c.held has what
// was signed before it.
func (s *signing) chunk(c *chunk) (err error) {
	for i := range c.items {
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		if c.out, err = s.item(c.out, &c.held, &c.items[i]); err != nil {
			return c.items[i].in(err)
		}
		if i == 0 { // the others are most often as long
			c.out = slices.Grow(c.out, min(len(c.items)*len(c.out), maxSpare))
		}
		c.ends = append(c.ends, len(c.out))
	}
	return nil
}

// item appends the evidence of one statement.
func (s *signing) item(out []byte, held *audit.Held, item *Item) ([]byte, error) {
	ready, err := s.statements.Read(s.payload[:0], item.Name, item.Text)
	if err != nil {
		return nil, err
	}
	if s.Bundle {
		if err := predicate.CheckBundleSubjects(ready.Subjects); err != nil {
			return nil, err
		}
	}
	s.payload = ready.Payload
	s.message.Set(dsse.PayloadTypeInToto, ready.Payload)
	s.brief = audit.Brief{
		Subjects: ready.Digests, SubjectCount: ready.Subjects, PredicateType: ready.PredicateType,
		Payload: sha256.Sum256(ready.Payload),
	}
	for i := range s.Signers {
		if s.signatures[i], err = s.use(held, i); err != nil {
			return nil, err
		}
	}
	return s.form.Append(out, dsse.PayloadTypeInToto, ready.Payload, s.signatures...)
}

// use signs the message with the ith key.
func (s *signing) use(held *audit.Held, i int) (dsse.Signature, error) {
	if s.audited[i] == nil {
		return s.Signers[i].Sign(s.ctx, &s.message)
	}
	return s.audited[i].Hold(s.ctx, held, &s.message, &s.brief)
}

// newHanding hands on the evidence of every item by itself.
func (r *run) newHanding() func(*chunk) {
	return func(c *chunk) {
		if c.failed() != nil {
			return
		}
		if err := r.each(c); err != nil {
			c.err = err
		}
	}
}

func (r *run) each(c *chunk) error {
	start := 0
	for i, item := range c.items {
		if err := context.Cause(r.ctx); err != nil {
			return err
		}
		if err := r.Each(r.ctx, item, c.out[start:c.ends[i]]); err != nil {
			return err
		}
		start = c.ends[i]
	}
	return nil
}
