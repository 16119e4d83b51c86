package verify

import (
	"context"
	"errors"
	"iter"
	"sync"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ordered"
)

// lineWork is what is done with each line of a file, on the way to a T.
type lineWork[T any] struct {
	read func(ctx context.Context, p Piece, at bundle.Line, r reading) T // by several goroutines at once
	told func(T) (evidence int, ignored []Ignored)
	take func(T) error // those with evidence, in order
	fail func(p Piece, err error) error
}

// eachLine works on the lines of a file, in order, and closes it.
func eachLine[T any](ctx context.Context, s *stream, file *Piece, lines *reading, w lineWork[T]) error {
	defer lines.close()
	l := &lineReader{policy: s.bench.policy, reader: &s.reader, file: file, f: lines.lines, tally: lineTally{file: file.display()}}
	run := ignoredRun{to: s.ignored}
	err := ordered.Run(ctx, l.all(), func(ctx context.Context, at *bundle.Line) T {
		p, r := l.read(*at)
		return w.read(ctx, p, *at, r)
	}, func(v T) error {
		evidence, ignored := w.told(v)
		l.tally.add(evidence, ignored)
		_ = s.gathered(file, evidence, ignored) // which fails at the end of a place alone
		for i := range ignored {
			if err := run.add(&ignored[i]); err != nil {
				return err
			}
		}
		if evidence == 0 {
			return nil
		}
		if err := run.flush(); err != nil {
			return err
		}
		return w.take(v)
	})
	switch {
	case err != nil:
		return err
	case s.stopped:
		return ordered.ErrStop
	}
	if err := run.flush(); err != nil {
		return err
	}
	s.lacking.add(&l.tally)
	if p, err := l.end(); err != nil {
		return w.fail(p, err)
	}
	return nil
}

// lineReader reads the lines of one file.
type lineReader struct {
	policy *Policy
	reader *bundle.Reader
	file   *Piece
	f      *input.File
	tally  lineTally
	err    error // of reading the file

	mu      sync.Mutex
	damaged damage
}

// damage is a line that is no JSON document.
type damage struct {
	piece Piece
	err   error // nil if there is none
}

// all yields the lines. After it, err tells whether that was all.
func (l *lineReader) all() iter.Seq[bundle.Line] {
	return func(yield func(bundle.Line) bool) {
		l.err = bundle.EachLine(l.f, func(at bundle.Line) error {
			if !yield(at) {
				return errEnough
			}
			return nil
		})
	}
}

var errEnough = errors.New("enough")

// end is the error about the file as a whole, and what it is about: it broke off, it holds
// evidence beside a line that may be damaged evidence, or was to be evidence and has none.
func (l *lineReader) end() (Piece, error) {
	switch {
	case l.err != nil:
		return *l.file, l.err
	case l.damaged.err != nil && (l.tally.evidence || l.tally.others):
		return l.damaged.piece, l.damaged.err
	case !l.tally.evidence && !l.tally.others && (l.file.Named || bundle.LooksLikeEvidence(l.file.ownName())):
		return *l.file, fault.New(fault.NotEvidence, "no line is an envelope or bundle")
	}
	return *l.file, nil
}

// read reads one line. It is safe for concurrent use.
func (l *lineReader) read(at bundle.Line) (Piece, reading) {
	p := Piece{Name: l.file.Name, Member: l.file.Member, Line: at.Number, Named: l.file.Named, Place: l.file.Place}
	items, err := l.reader.ReadLine(l.f, at)
	if err != nil {
		r := reading{}.failed(&p, err)
		if r.unread == nil && bundle.Damaged(err) {
			l.note(p, err)
		}
		return p, r
	}
	r := reading{items: placed(&p, items)}
	r.judged, r.ignored = l.policy.split(r.items)
	return p, r
}

// note keeps the first line of those that are damaged and passed over: whether there is
// evidence in the file is known at its end.
func (l *lineReader) note(p Piece, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.damaged.err == nil || p.Line < l.damaged.piece.Line {
		l.damaged = damage{p, err}
	}
}

// ignoredRun makes one of lines that follow each other and are ignored for the
// same reason, so that a long file of something else is not told line by line.
type ignoredRun struct {
	to   func(*Ignored) error
	open *Ignored
}

func (r *ignoredRun) add(i *Ignored) error {
	if o := r.open; o != nil && o.Source == i.Source && o.Member == i.Member && o.Message == i.Message && o.Line+max(1, o.Lines) == i.Line {
		o.Lines = max(1, o.Lines) + 1
		return nil
	}
	err := r.flush()
	r.open = i
	return err
}

func (r *ignoredRun) flush() error {
	i := r.open
	r.open = nil
	if i == nil {
		return nil
	}
	return r.to(i)
}
