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
	// eachItems is chunkItems where evidence is handed on one by one: that is slow,
	// so the more workers do it the better.
	eachItems = 32
	// chunkBytes bounds their size, in bytes, unless one alone is larger.
	chunkBytes = 256 << 10
	// workersPerCore is how many chunks are on their way for each core. One of them
	// is being signed, and the others wait for the disk: enough that a slow fsync
	// keeps no core waiting.
	workersPerCore = 4
	// maxSpare bounds the memory for a chunk's evidence that is kept for the next
	// one, in bytes.
	maxSpare = 2 * chunkBytes
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
	// Cores is how many processors sign at once; 0 stands for GOMAXPROCS. A goroutine
	// in fsync keeps its place among the GOMAXPROCS that run until the runtime takes
	// it away, up to 10 ms later. So to keep all cores at work a program sets
	// GOMAXPROCS to one more than Cores.
	Cores int
	// Write takes the evidence of one statement after the other, in the order of the
	// source, several at a time. It must not keep it.
	Write func(evidence []byte) error
	// Each, if it is set, takes the place of Write: it takes the evidence of one
	// statement, which it must not keep, is called by several goroutines at once, and
	// in no order.
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
	cores := cmp.Or(o.Cores, runtime.GOMAXPROCS(0))
	workers := workersPerCore * cores
	r := &run{
		Options: o, form: form, ctx: ctx, turns: make(chan struct{}, o.atOnce(cores, workers)),
		todo: make(chan *chunk), inOrder: make(chan *chunk, 2*workers),
	}
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

// atOnce returns how many workers sign at once: where that is work for the cores,
// as many as there are. More would get ready later, and all together, with nothing
// left to sign while they wait for the disk. A device or service has its own limit.
func (o *Options) atOnce(cores, workers int) int {
	for _, signer := range o.Signers {
		if !dsse.InMemory(signer) {
			return workers
		}
	}
	return cores
}

// run is one batch on its way.
type run struct {
	Options
	form  *bundle.Form
	ctx   context.Context
	turns chan struct{} // one is held by each worker that signs
	// Every chunk goes through both: to some worker, and in order to who hands on.
	todo, inOrder chan *chunk
	spare         sync.Pool // of *chunk, to be used again
}

// chunk is a few statements that are signed together.
type chunk struct {
	items []Item
	text  []byte // memory for the items' texts
	err   error  // of the source, after the items; io.EOF at its end
	out   []byte
	done  chan struct{} // holds a value when out and err are final
}

// newChunk returns an empty chunk, in used memory if there is some.
func (r *run) newChunk() *chunk {
	if c, ok := r.spare.Get().(*chunk); ok {
		return c
	}
	return &chunk{items: make([]Item, 0, chunkItems), text: make([]byte, 0, chunkBytes), done: make(chan struct{}, 1)}
}

// release keeps the memory of a chunk that nobody needs any more, unless it is
// unusually large.
func (r *run) release(c *chunk) {
	if cap(c.out) > maxSpare {
		c.out = nil
	}
	clear(c.items) // texts may be in memory of their own
	c.items, c.out, c.err = c.items[:0], c.out[:0], nil
	r.spare.Put(c)
}

// read takes chunks from the source until it or the batch ends.
func (r *run) read(source Source) {
	defer close(r.inOrder)
	defer close(r.todo)
	for {
		c := r.newChunk()
		c.fill(source, r.chunkItems())
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
			c.done <- struct{}{}
			return
		}
		if last {
			return
		}
	}
}

func (r *run) chunkItems() int {
	if r.Each != nil {
		return eachItems
	}
	return chunkItems
}

// fill reads at most limit items from source.
func (c *chunk) fill(source Source, limit int) {
	room := c.text
	for size := 0; len(c.items) < limit && size < chunkBytes; {
		item, err := source.Next(room)
		if err != nil {
			c.err = err
			return
		}
		c.items = append(c.items, item)
		size += len(item.Text)
		room = item.Text[len(item.Text):]
	}
}

// work signs chunks.
func (r *run) work() {
	w := newWorker(r)
	for c := range r.todo {
		w.chunk(c)
		c.done <- struct{}{}
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
		if n += len(c.items); end {
			return n, nil
		}
		r.release(c)
	}
	return n, context.Cause(r.ctx)
}
