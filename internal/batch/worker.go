package batch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"slices"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
)

// worker signs one chunk at a time. It keeps its buffers.
type worker struct {
	*run
	statements *predicate.ReadyReader
	payload    []byte
	message    dsse.Buffer
	brief      audit.Brief
	signatures []dsse.Signature
	audited    []*audit.Signer // of Signers, nil for one whose uses are not recorded
	held       []audit.Held    // the uses of each of them
	ends       []int           // of each item's evidence in the chunk's
}

func newWorker(r *run) *worker {
	w := &worker{
		run:        r,
		statements: predicate.NewReadyReader(r.Statement, audit.MaxSubjects),
		signatures: make([]dsse.Signature, len(r.Signers)),
		audited:    make([]*audit.Signer, len(r.Signers)),
		held:       make([]audit.Held, len(r.Signers)),
	}
	for i, signer := range r.Signers {
		w.audited[i], _ = signer.(*audit.Signer)
	}
	return w
}

// chunk signs the items of c, records that, and only then lets the evidence go.
func (w *worker) chunk(c *chunk) {
	w.ends = w.ends[:0]
	for i := range w.held {
		w.held[i].Reset()
	}
	signed := w.sign(c)
	// What was signed is recorded whatever came after it.
	err := cmp.Or(w.record(), signed)
	if err == nil && w.Each != nil {
		err = w.each(c)
	}
	if err != nil {
		c.err = err
	}
}

// sign puts the evidence of all items into c.out.
func (w *worker) sign(c *chunk) (err error) {
	w.turns <- struct{}{}
	defer func() { <-w.turns }()
	for i := range c.items {
		if w.ctx.Err() != nil {
			return context.Cause(w.ctx)
		}
		if c.out, err = w.item(c.out, &c.items[i]); err != nil {
			return c.items[i].in(err)
		}
		if i == 0 { // the others are most often as long
			c.out = slices.Grow(c.out, min(len(c.items)*len(c.out), maxSpare))
		}
		w.ends = append(w.ends, len(c.out))
	}
	return nil
}

// item appends the evidence of one statement.
func (w *worker) item(out []byte, item *Item) ([]byte, error) {
	ready, err := w.statements.Read(w.payload[:0], item.Name, item.Text)
	if err != nil {
		return nil, err
	}
	if w.Bundle {
		if err := predicate.CheckBundleSubjects(ready.Subjects); err != nil {
			return nil, err
		}
	}
	w.payload = ready.Payload
	w.message.Set(dsse.PayloadTypeInToto, ready.Payload)
	w.brief = audit.Brief{
		Subjects: ready.Digests, SubjectCount: ready.Subjects, PredicateType: ready.PredicateType,
		Payload: sha256.Sum256(ready.Payload),
	}
	for i := range w.Signers {
		if w.signatures[i], err = w.use(i); err != nil {
			return nil, err
		}
	}
	return w.form.Append(out, dsse.PayloadTypeInToto, ready.Payload, w.signatures...)
}

// use signs the message with the ith key.
func (w *worker) use(i int) (dsse.Signature, error) {
	if w.audited[i] == nil {
		return w.Signers[i].Sign(w.ctx, &w.message)
	}
	return w.audited[i].Hold(w.ctx, &w.held[i], &w.message, &w.brief)
}

// record returns when all uses of keys are on disk.
func (w *worker) record() error {
	for i, signer := range w.audited {
		if signer == nil {
			continue
		}
		if err := signer.AppendHeld(&w.held[i]); err != nil {
			return err
		}
	}
	return nil
}

// each hands on the evidence of every item by itself.
func (w *worker) each(c *chunk) error {
	start := 0
	for i, item := range c.items {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		if err := w.Each(w.ctx, item, c.out[start:w.ends[i]]); err != nil {
			return err
		}
		start = w.ends[i]
	}
	return nil
}
