package verify

import (
	"context"
	"errors"
	"iter"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/ordered"
)

// outcome is what became of a piece that was judged by itself.
type outcome struct {
	piece   Piece
	results []*Result
	ignored []Ignored
	lines   *reading // JSON lines, which the receiver judges and closes
}

// apart judges each piece by itself.
func (s *stream) apart(ctx context.Context) error {
	return ordered.Run(ctx, s.in.Pieces(ctx, false), s.judgePiece, func(j outcome) error {
		if !j.piece.End {
			s.read++
		}
		if j.lines != nil {
			return s.apartLines(ctx, j)
		}
		return s.take(j)
	})
}

// judgePiece is called by several goroutines at once.
func (s *stream) judgePiece(ctx context.Context, p Piece) outcome {
	if p.End {
		return outcome{piece: p}
	}
	r := s.open(&p)
	if r.lines != nil {
		return outcome{piece: p, lines: &r}
	}
	defer r.close()
	return s.judgeReading(ctx, p, r)
}

func (s *stream) judgeReading(ctx context.Context, p Piece, r reading) outcome {
	j := outcome{piece: p, ignored: r.ignored}
	if r.unread != nil {
		j.results = append(j.results, unreadable(&p, r.unread))
	}
	for _, item := range r.items {
		result, err := s.judge(ctx, group{item}, false)
		if err != nil {
			result = unjudgeable([]Source{p.source()}, err, err)
		}
		j.results = append(j.results, result)
	}
	return j
}

func (s *stream) take(j outcome) error {
	for i := range j.ignored {
		if err := s.ignored(&j.ignored[i]); err != nil {
			return err
		}
	}
	if err := s.gathered(&j.piece, len(j.results)); err != nil {
		j.results = append(j.results, unreadable(&j.piece, err))
	}
	for _, r := range j.results {
		if err := s.result(r, j.piece.Named); err != nil {
			return err
		}
	}
	return nil
}

// gathered counts the evidence in what was gathered from one place, n more in p, and
// returns the error about a place where there is none.
func (s *stream) gathered(p *Piece, n int) error {
	switch {
	case p.End && s.inside == 0:
		return fault.New(fault.SignatureMissing, "there is no envelope or bundle in it")
	case p.Named:
		s.inside = 0
	default:
		s.inside += n
	}
	return nil
}

// apartLines judges the lines of a file.
func (s *stream) apartLines(ctx context.Context, file outcome) error {
	defer file.lines.close()
	l := newLineReader(&file.piece, file.lines.lines)
	run := ignoredRun{to: s.ignored}
	err := ordered.Run(ctx, l.all(), func(ctx context.Context, at bundle.Line) outcome {
		p, r := l.read(at)
		return s.judgeReading(ctx, p, r)
	}, func(j outcome) error {
		l.seen = l.seen || len(j.results) > 0
		if len(j.ignored) > 0 {
			return run.add(&j.ignored[0])
		}
		if err := run.flush(); err != nil {
			return err
		}
		return s.take(j)
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
	if err := l.end(); err != nil {
		return s.result(unreadable(&file.piece, err), file.piece.Named)
	}
	return nil
}

// lineReader reads the lines of one file.
type lineReader struct {
	file *Piece
	f    *input.File
	seen bool  // evidence among them
	err  error // of reading the file
}

func newLineReader(p *Piece, f *input.File) *lineReader { return &lineReader{file: p, f: f} }

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

// end is the error about the file as a whole: it broke off, or was to be evidence
// and has none.
func (l *lineReader) end() error {
	switch {
	case l.err != nil:
		return l.err
	case !l.seen && (l.file.Named || bundle.LooksLikeEvidence(l.file.ownName())):
		return fault.New(fault.NotEvidence, "no line is an envelope or bundle")
	}
	return nil
}

// read reads one line. It is safe for concurrent use.
func (l *lineReader) read(at bundle.Line) (Piece, reading) {
	p := Piece{Name: l.file.Name, Member: l.file.Member, Line: at.Number, Named: l.file.Named, Place: l.file.Place}
	items, err := bundle.ReadLine(l.f, at)
	if err != nil {
		return p, reading{}.failed(&p, err)
	}
	return p, reading{items: placed(&p, items)}
}

// ignoredRun makes one of lines that follow each other and are ignored for the
// same reason, so that a long file of something else is not told line by line.
type ignoredRun struct {
	to   func(*Ignored) error
	open *Ignored
}

func (r *ignoredRun) add(i *Ignored) error {
	if o := r.open; o != nil && o.Message == i.Message && o.Line+max(1, o.Lines) == i.Line {
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
