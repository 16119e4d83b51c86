package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

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
	signatures []dsse.Signature
	audited    []*audit.Signer // of Signers, nil for one whose uses are not recorded
	entries    [][]audit.Entry // of each of them
	ends       []int           // of each item's evidence in the chunk's
}

func newWorker(r *run) *worker {
	w := &worker{
		run:        r,
		statements: predicate.NewReadyReader(r.Statement, audit.MaxSubjects),
		signatures: make([]dsse.Signature, len(r.Signers)),
		audited:    make([]*audit.Signer, len(r.Signers)),
		entries:    make([][]audit.Entry, len(r.Signers)),
	}
	for i, signer := range r.Signers {
		w.audited[i], _ = signer.(*audit.Signer)
	}
	return w
}

// chunk signs the items of c, records that, and only then lets the evidence go.
func (w *worker) chunk(c *chunk) {
	w.ends = w.ends[:0]
	for i := range w.entries {
		w.entries[i] = w.entries[i][:0]
	}
	out, signErr := w.sign(c)
	// What was signed is recorded whatever came after it.
	if err := w.record(); err != nil {
		c.err = err
		return
	}
	if signErr != nil {
		c.err = signErr
		return
	}
	if w.Each == nil {
		c.out = out
		return
	}
	if err := w.each(c, out); err != nil {
		c.err = err
	}
}

// sign returns the evidence of all items.
func (w *worker) sign(c *chunk) (out []byte, err error) {
	out = w.spare.get()
	for _, item := range c.items {
		if err := context.Cause(w.ctx); err != nil {
			return nil, err
		}
		if out, err = w.item(out, item); err != nil {
			return nil, item.in(err)
		}
		w.ends = append(w.ends, len(out))
	}
	return out, nil
}

// item appends the evidence of one statement.
func (w *worker) item(out []byte, item Item) ([]byte, error) {
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
	sum := sha256.Sum256(ready.Payload)
	content := audit.Content{
		Subjects: ready.Digests, SubjectCount: ready.Subjects, PredicateType: ready.PredicateType,
		PayloadSHA256: hex.EncodeToString(sum[:]),
	}
	for i := range w.Signers {
		if w.signatures[i], err = w.use(i, content); err != nil {
			return nil, err
		}
	}
	return w.form.Append(out, dsse.PayloadTypeInToto, ready.Payload, w.signatures...)
}

// use signs the message with the ith key.
func (w *worker) use(i int, content audit.Content) (dsse.Signature, error) {
	if w.audited[i] == nil {
		return w.Signers[i].Sign(w.ctx, &w.message)
	}
	signature, entry, err := w.audited[i].Hold(w.ctx, &w.message, content)
	w.entries[i] = append(w.entries[i], entry)
	return signature, err
}

// record returns when all uses of keys are on disk.
func (w *worker) record() error {
	for i, entries := range w.entries {
		if len(entries) == 0 {
			continue
		}
		if err := w.audited[i].Append(entries...); err != nil {
			return err
		}
	}
	return nil
}

// each hands on the evidence of every item by itself.
func (w *worker) each(c *chunk, out []byte) error {
	start := 0
	for i, item := range c.items {
		if err := context.Cause(w.ctx); err != nil {
			return err
		}
		if err := w.Each(w.ctx, item, out[start:w.ends[i]]); err != nil {
			return err
		}
		start = w.ends[i]
	}
	return nil
}
