package batch

import (
	"cmp"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse"
)

const (
	// chunkItems bounds the statements in a chunk: many share the cost of handing a
	// chunk on, and few wait for each other.
	chunkItems = 256
	// chunkBytes bounds their size, in bytes, unless one alone is larger.
	chunkBytes = 256 << 10
	// workersPerCore is more than one because a worker that waits for the disk
	// leaves its core to another.
	workersPerCore = 4
)

// Options say how a batch is signed.
type Options struct {
	// Signers sign each statement. The uses of those that are an *audit.Signer are
	// recorded.
	Signers []dsse.Signer
	// Bundle writes Sigstore bundles, with one signer, instead of bare envelopes.
	Bundle bool
	// Statement is how statements are drafted.
	Statement predicate.Options
	// Write takes the evidence of one statement after the other, in the order of the
	// source, several at a time.
	Write func(evidence []byte) error
	// Each, if it is set, takes the place of Write: it takes the evidence of one
	// statement, is called by several goroutines at once, and in no order.
	Each func(ctx context.Context, item Item, evidence []byte) error
}

// Sign signs all statements of source and returns how many there are. It fails
// with the first error in the order of the source. Evidence of statements before
// it may then have been handed on, but no part of one. Statements that were signed
// and not handed on are in the audit log all the same: their keys were used.
func Sign(ctx context.Context, source Source, o Options) (int, error) {
	form, err := o.form()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	workers := workersPerCore * runtime.GOMAXPROCS(0)
	r := &run{Options: o, form: form, ctx: ctx, todo: make(chan *chunk), inOrder: make(chan *chunk, 2*workers), spare: make(buffers, 2*workers)}
	var all sync.WaitGroup
	all.Go(func() { r.read(source) })
	for range workers {
		all.Go(r.work)
	}
	n, err := r.handOn()
	// Everybody has ended before Sign returns: no key is used later.
	cancel(err)
	for range r.inOrder {
	}
	all.Wait()
	return n, err
}

func (o *Options) form() (*bundle.Form, error) {
	if o.Bundle {
		return bundle.NewForm(o.Signers[0])
	}
	return bundle.EnvelopeForm(), nil
}

// run is one batch on its way.
type run struct {
	Options
	form *bundle.Form
	ctx  context.Context
	// Every chunk goes through both: to some worker, and in order to who hands on.
	todo, inOrder chan *chunk
	spare         buffers
}

// chunk is a few statements that are signed together.
type chunk struct {
	items []Item
	err   error // of the source, after the items; io.EOF at its end
	out   []byte
	done  chan struct{} // closed when out and err are final
}

// buffers are what chunks' evidence was in, to be used again.
type buffers chan []byte

func (b buffers) get() []byte {
	select {
	case spare := <-b:
		return spare[:0]
	default:
		return nil
	}
}

// put keeps a buffer unless it is unusually large.
func (b buffers) put(spare []byte) {
	if cap(spare) == 0 || cap(spare) > 4*chunkBytes {
		return
	}
	select {
	case b <- spare:
	default:
	}
}

// read takes chunks from the source until it or the batch ends.
func (r *run) read(source Source) {
	defer close(r.inOrder)
	defer close(r.todo)
	for {
		c := next(source)
		last := c.err != nil // from here on the worker's
		select {
		case r.inOrder <- c:
		case <-r.ctx.Done():
			return
		}
		select {
		case r.todo <- c:
		case <-r.ctx.Done():
			c.err = context.Cause(r.ctx)
			close(c.done)
			return
		}
		if last {
			return
		}
	}
}

// next reads a chunk.
func next(source Source) *chunk {
	c := &chunk{items: make([]Item, 0, chunkItems), done: make(chan struct{})}
	for size := 0; len(c.items) < chunkItems && size < chunkBytes; {
		item, err := source.Next()
		if err != nil {
			c.err = err
			return c
		}
		c.items = append(c.items, item)
		size += len(item.Text)
	}
	return c
}

// work signs chunks.
func (r *run) work() {
	w := newWorker(r)
	for c := range r.todo {
		w.chunk(c)
		close(c.done)
	}
}

// handOn hands on what chunks hold, in order, up to the first error.
func (r *run) handOn() (n int, err error) {
	for c := range r.inOrder {
		<-c.done
		end := errors.Is(c.err, io.EOF)
		if c.err != nil && !end {
			// After an interrupt that is the reason, whatever it made fail.
			return n, cmp.Or(context.Cause(r.ctx), c.err)
		}
		if r.Each == nil && len(c.out) > 0 {
			if err := r.Write(c.out); err != nil {
				return n, err
			}
		}
		r.spare.put(c.out)
		if n += len(c.items); end {
			return n, nil
		}
	}
	return n, context.Cause(r.ctx)
}
