package verify

import (
	"context"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
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
func (s *stream) judgePiece(ctx context.Context, p *Piece) outcome {
	if p.End {
		return outcome{piece: *p}
	}
	r := s.open(p)
	if r.lines != nil {
		lines := r // so that r itself, of all that is no lines, need not outlive this
		return outcome{piece: *p, lines: &lines}
	}
	defer r.close()
	return s.judgeReading(ctx, p, &r)
}

func (s *stream) judgeReading(ctx context.Context, p *Piece, r *reading) outcome {
	j := outcome{piece: *p, ignored: r.ignored}
	if r.unread != nil {
		j.results = append(j.results, unreadable(p, r.unread))
	}
	for _, i := range r.judged {
		result, err := s.judgeCounted(ctx, group(r.items[i:i+1:i+1]))
		if err != nil {
			result = unjudgeable([]Source{p.source()}, err, err)
		}
		j.results = append(j.results, result)
	}
	return j
}

// take takes in what became of a piece.
func (s *stream) take(j outcome) error {
	for i := range j.ignored {
		if err := s.ignored(&j.ignored[i]); err != nil {
			return err
		}
	}
	if err := s.gathered(&j.piece, len(j.results), j.ignored); err != nil {
		j.results = append(j.results, unreadable(&j.piece, err))
	}
	return s.takeResults(j)
}

func (s *stream) takeResults(j outcome) error {
	for _, r := range j.results {
		if err := s.result(r, j.piece.Named); err != nil {
			return err
		}
	}
	return nil
}

// gathered counts the evidence in what was gathered from one place, n more in p and
// what was ignored there for its type, and returns the error about a place where
// there is none.
func (s *stream) gathered(p *Piece, n int, ignored []Ignored) error {
	if p.Line > 0 {
		s.piped.file = p.display()
		s.piped.add(n, ignored)
	}
	switch {
	case p.End && s.inside == 0:
		err := fault.New(fault.SignatureMissing, "there is no envelope or bundle in it")
		if s.passed > 0 {
			err = err.WithHint("what is in it is listed as ignored, each with the reason; name the evidence itself")
		}
		s.passed = 0
		return err
	case p.Named:
		s.inside, s.passed = 0, 0
	default:
		s.inside += n + others(ignored)
		s.passed += len(ignored)
	}
	return nil
}

// apartLines judges the lines of a file.
func (s *stream) apartLines(ctx context.Context, file outcome) error {
	return eachLine(ctx, s, &file.piece, file.lines, lineWork[outcome]{
		read: func(ctx context.Context, p Piece, _ bundle.Line, r reading) outcome {
			return s.judgeReading(ctx, &p, &r)
		},
		told: func(j outcome) (int, []Ignored) { return len(j.results), j.ignored },
		take: s.takeResults,
		fail: func(p Piece, err error) error { return s.result(unreadable(&p, err), p.Named) },
	})
}
