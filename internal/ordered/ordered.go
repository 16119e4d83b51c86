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
	r := newRun[T, R](inner)
	var all sync.WaitGroup
	all.Go(func() { r.read(sequence) })
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() { r.work(work) })
	}
	err := r.emit(emit)
	cancel()
	r.drain()
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

// slot is one element on its way. There is a fixed number of them.
type slot[T, R any] struct {
	in   T
	out  R
	done chan struct{} // gets a value when out is there
}

type run[T, R any] struct {
	ctx context.Context
	// Every slot goes from free to both todo and order, and back.
	free, todo, order chan *slot[T, R]

	once     sync.Once
	panicked any
	failed   chan struct{} // closed when panicked is set
}

func newRun[T, R any](ctx context.Context) *run[T, R] {
	n := perWorker * runtime.GOMAXPROCS(0)
	r := &run[T, R]{
		ctx: ctx, failed: make(chan struct{}),
		free: make(chan *slot[T, R], n), todo: make(chan *slot[T, R], n), order: make(chan *slot[T, R], n),
	}
	for range n {
		r.free <- &slot[T, R]{done: make(chan struct{}, 1)}
	}
	return r
}

// read gives out the elements.
func (r *run[T, R]) read(sequence iter.Seq[T]) {
	defer close(r.order)
	defer close(r.todo)
	defer r.catch()
	for in := range sequence {
		select {
		case <-r.ctx.Done():
			return
		case s := <-r.free:
			s.in = in
			r.todo <- s // both have room for all slots
			r.order <- s
		}
	}
}

func (r *run[T, R]) work(work func(context.Context, *T) R) {
	defer r.catch()
	for s := range r.todo {
		if r.ctx.Err() == nil {
			s.out = work(r.ctx, &s.in)
		}
		var none T
		s.in = none
		s.done <- struct{}{}
	}
}

// catch keeps the first panic for Run, whose caller can recover from it.
func (r *run[T, R]) catch() {
	if p := recover(); p != nil {
		r.once.Do(func() {
			r.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			close(r.failed)
		})
	}
}

// emit hands on results in order up to the first error.
func (r *run[T, R]) emit(emit func(R) error) error {
	for s := range r.order {
		select {
		case <-s.done:
		case <-r.failed:
			return nil
		}
		if r.ctx.Err() != nil {
			return nil
		}
		out := s.out
		var none R
		s.out = none
		r.free <- s
		if err := emit(out); err != nil {
			return err
		}
	}
	return nil
}

// drain takes what is left, so that nobody waits for room.
func (r *run[T, R]) drain() {
	for range r.order {
	}
}
