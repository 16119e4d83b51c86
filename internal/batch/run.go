package batch

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/stellaops/stella/internal/audit"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
)

// run is one batch on its way: its chunks go from goroutine to goroutine, through
// channels that keep their order.
type run struct {
	Options
	form  *bundle.Form
	log   *audit.Log // nil if nothing is recorded
	ctx   context.Context
	all   sync.WaitGroup
	spare sync.Pool // of *chunk, to be used again
}

func newRun(o Options) (r *run, err error) {
	r = &run{Options: o, form: bundle.EnvelopeForm()}
	r.Cores = cmp.Or(o.Cores, runtime.GOMAXPROCS(0))
	if r.Bundle {
		if r.form, err = bundle.NewForm(o.Signers[0]); err != nil {
			return nil, err
		}
	}
	for _, signer := range o.Signers {
		audited, ok := signer.(*audit.Signer)
		switch {
		case !ok:
		case r.log != nil && r.log != audited.Log():
			return nil, fault.New(fault.Internal, "the keys of a batch are recorded in several audit logs")
		default:
			r.log = audited.Log()
		}
	}
	return r, nil
}

// inMemory reports whether signing is work for the cores alone.
func (r *run) inMemory() bool {
	return !slices.ContainsFunc(r.Signers, func(s dsse.Signer) bool { return !dsse.InMemory(s) })
}

// signAtOnce returns how many workers sign at once: where that is work for the
// cores, as many as there are. A device or service has its own limit.
func (r *run) signAtOnce() int {
	if r.inMemory() {
		return r.Cores
	}
	return waitersPerCore * r.Cores
}

func (r *run) chunkItems() int {
	if r.Each != nil || !r.inMemory() {
		return fewItems
	}
	return chunkItems
}

// read returns the chunks of the source, until it or the batch ends.
func (r *run) read(source Source) <-chan *chunk {
	out := make(chan *chunk)
	r.all.Go(func() {
		defer close(out)
		limit := r.chunkItems()
		for {
			c := r.newChunk()
			c.fill(source, limit)
			last := c.err != nil // from here on it is somebody else's
			select {
			case out <- c:
			case <-r.ctx.Done():
				return
			}
			if last {
				return
			}
		}
	})
	return out
}

// inOrder has workers work on the chunks of in, that many at once, and returns the
// chunks in their order when they have been worked on.
func (r *run) inOrder(in <-chan *chunk, workers int, newWorker func() func(*chunk)) <-chan *chunk {
	todo, order := make(chan *chunk), make(chan *chunk, workers)
	out := make(chan *chunk, aheadPerCore*r.Cores)
	r.all.Go(func() {
		defer close(order)
		defer close(todo)
		for c := range in {
			order <- c
			todo <- c
		}
	})
	for range workers {
		r.all.Go(func() {
			work := newWorker()
			for c := range todo {
				work(c)
				c.done <- struct{}{}
			}
		})
	}
	r.all.Go(func() {
		defer close(out)
		for c := range order {
			<-c.done
			out <- c
		}
	})
	return out
}

// record puts the uses of keys on disk, in order, and only then passes the chunks
// on. Chunks that are there at the same time share an fsync. Behind the first
// error uses are still recorded, but no evidence goes on.
func (r *run) record(in <-chan *chunk) <-chan *chunk {
	out := make(chan *chunk)
	r.all.Go(func() {
		defer close(out)
		var group []*chunk
		var first error
		for c := range in {
			group = append(group[:0], c)
			for range len(in) { // nobody else takes them
				group = append(group, <-in)
			}
			unrecorded := r.append(group)
			for _, c := range group {
				if first = cmp.Or(first, unrecorded, c.failed()); first != nil {
					c.err = first
				}
				out <- c
			}
		}
	})
	return out
}

// append returns when all uses of keys in a group are on disk.
func (r *run) append(group []*chunk) error {
	if r.log == nil {
		return nil
	}
	held := make([]*audit.Held, len(group))
	for i, c := range group {
		held[i] = &c.held
	}
	return r.log.AppendHeld(held...)
}

// handOn hands on what chunks hold, in order, up to the first error.
func (r *run) handOn(in <-chan *chunk) (n int, err error) {
	for c := range in {
		if err := c.failed(); err != nil {
			// After an interrupt that is the reason, whatever it made fail.
			return n, cmp.Or(context.Cause(r.ctx), err)
		}
		if r.Each == nil && len(c.out) > 0 {
			if err := r.Write(c.out); err != nil {
				return n, err
			}
		}
		n += len(c.items)
		if c.err != nil {
			return n, nil
		}
		r.release(c)
	}
	return n, context.Cause(r.ctx)
}
