// Package ordered works on the elements of a sequence on all cores and hands on
// the results in the order of the sequence, in memory that does not grow with it.
package ordered

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
	"sync"
)

// perWorker bounds how many elements are on the way, for each worker: one that
// takes long lets the others go on for as many.
const perWorker = 64

// emitAtOnce is how many results leave their slots at a time.
const emitAtOnce = 8

// ErrStop ends a run without an error.
var ErrStop = errors.New("stop")

// Run calls work for each element, several at a time, and emit with each result,
// one after the other and in order, as soon as it is there and those before it
// were emitted. It returns the first error of emit, nil for ErrStop, or else the
// cause for which ctx ended. When it returns, everything it started has ended; a
// sequence or work that blocks must therefore heed the context it is given.
//
// What work is given is its own until it returns.
//
// After an error some elements may have been worked on whose results emit never
// gets. A panic of the sequence or of work comes out of Run.
func Run[T, R any](ctx context.Context, sequence iter.Seq[T], work func(context.Context, *T) R, emit func(R) error) error {
	inner, cancel := context.WithCancel(ctx)
	r := newRun[T, R]()
	ended := context.AfterFunc(inner, r.stop)
	var all sync.WaitGroup
	all.Go(func() { r.read(sequence) })
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() { r.work(inner, work) })
	}
	err := r.emit(inner, emit)
	ended()
	r.stop()
	cancel()
	all.Wait()
	if p := r.panicked; p != nil {
		panic(p)
	}
	if errors.Is(err, ErrStop) {
		return nil
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// slot is one element on its way.
type slot[T, R any] struct {
	in   T
	out  R
	done bool // out is there
}

// run is a ring of slots. Elements are given into it, taken to be worked on and emitted in
// the order of the sequence; what is counted are those that were, from the beginning.
type run[T, R any] struct {
	mu                    sync.Mutex // of all but the elements and results that someone works on
	slots                 []slot[T, R]
	given, taken, emitted int
	done                  int  // results that wait to be emitted
	closed                bool // no element follows
	stopped               bool // nobody wants more
	panicked              any

	room *sync.Cond // for another element
	todo *sync.Cond // an element to work on
	head *sync.Cond // the next result
}

func newRun[T, R any]() *run[T, R] {
	r := &run[T, R]{slots: make([]slot[T, R], perWorker*runtime.GOMAXPROCS(0)-emitAtOnce)}
	r.room, r.todo, r.head = sync.NewCond(&r.mu), sync.NewCond(&r.mu), sync.NewCond(&r.mu)
	return r
}

func (r *run[T, R]) slot(n int) *slot[T, R] { return &r.slots[n%len(r.slots)] }

// stop has everybody end.
func (r *run[T, R]) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	r.wakeAll()
}

func (r *run[T, R]) wakeAll() {
	r.room.Broadcast()
	r.todo.Broadcast()
	r.head.Broadcast()
}

// catch keeps the first panic for Run, whose caller can recover from it.
func (r *run[T, R]) catch() {
	p := recover()
	if p == nil {
		return
	}
	stack := debug.Stack()
	r.mu.Lock()
	if r.panicked == nil {
		r.panicked = fmt.Sprintf("%v\n%s", p, stack)
	}
	r.mu.Unlock()
	r.stop()
}

// read gives out the elements.
func (r *run[T, R]) read(sequence iter.Seq[T]) {
	defer r.close()
	defer r.catch()
	for in := range sequence {
		if !r.put(&in) {
			return
		}
	}
}

func (r *run[T, R]) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.wakeAll()
}

// put gives out one element, and reports whether another is wanted.
func (r *run[T, R]) put(in *T) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.stopped && r.given-r.emitted == len(r.slots) {
		r.room.Wait()
	}
	if r.stopped {
		return false
	}
	r.slot(r.given).in = *in
	r.given++
	r.todo.Signal()
	return true
}

func (r *run[T, R]) work(ctx context.Context, work func(context.Context, *T) R) {
	defer r.catch()
	for s := r.next(); s != nil; s = r.next() {
		s.out = work(ctx, &s.in)
		var none T
		s.in = none
		if r.finish(s) {
			runtime.Gosched()
		}
	}
}

// finish takes in that the result of s is there, and reports whether those who emit and
// read are behind. They get no processor as long as there is something to work on and
// none of it waits; and with nothing left to work on, all processors but theirs would idle.
func (r *run[T, R]) finish(s *slot[T, R]) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.done = true
	r.done++
	head := r.slot(r.emitted)
	if s == head {
		r.head.Signal()
	}
	return head.done && r.done >= len(r.slots)/4
}

// next takes the next element to work on, nil if there is none any more.
func (r *run[T, R]) next() *slot[T, R] {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.stopped && !r.closed && r.taken == r.given {
		r.todo.Wait()
	}
	if r.stopped || r.taken == r.given {
		return nil
	}
	r.taken++
	return r.slot(r.taken - 1)
}

// emit hands on results in order up to the first error.
func (r *run[T, R]) emit(ctx context.Context, emit func(R) error) error {
	var room [emitAtOnce]R
	for {
		ready := r.ready(room[:0])
		if len(ready) == 0 {
			return nil
		}
		for i := range ready {
			if ctx.Err() != nil {
				return nil
			}
			if err := emit(ready[i]); err != nil {
				return err
			}
		}
		clear(ready)
	}
}

// ready waits for the next result and moves it to out, with those behind it that are there
// and fit. There are none when all were emitted, or nobody wants more.
func (r *run[T, R]) ready(out []R) []R {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.stopped && !r.slot(r.emitted).done && !(r.closed && r.emitted == r.given) {
		r.head.Wait()
	}
	if r.stopped {
		return nil
	}
	for s := r.slot(r.emitted); s.done && len(out) < cap(out); s = r.slot(r.emitted) {
		out = append(out, s.out)
		var none R
		s.out, s.done = none, false
		r.emitted++
		r.done--
	}
	r.room.Signal()
	return out
}
