package verify

import (
	"context"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/ordered"
)

// outcome is what became of a piece that was judged by itself.
type outcome struct {
	piece   Piece
	results []*Result
	ignored []*Ignored
	lines   *reading // JSON lines, which the receiver judges and closes
}

// apart judges each piece by itself.
func (s *stream) apart(ctx context.Context) error {
	return ordered.Run(ctx, s.in.Pieces(ctx, false), s.judgePiece, func(j outcome) error {
		s.read++
		if j.lines != nil {
			return s.apartLines(ctx, j)
		}
		return s.take(j)
	})
}

// judgePiece is called by several goroutines at once.
func (s *stream) judgePiece(ctx context.Context, p Piece) outcome {
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
	for _, i := range r.judged {
		result, err := s.judge(ctx, group{r.items[i]}, false)
		if err != nil {
			result = unjudgeable([]Source{p.source()}, err, err)
		}
		j.results = append(j.results, result)
	}
	return j
}

// take takes in what became of a piece.
func (s *stream) take(j outcome) error {
	for _, i := range j.ignored {
		if err := s.ignored(i); err != nil {
			return err
		}
	}
	if j.piece.Line > 0 {
		s.loose.file = j.piece.display()
		s.loose.add(len(j.results) > 0, j.ignored)
	}
	return s.takeResults(j)
}

func (s *stream) takeResults(j outcome) error {
	for _, r := range j.results {
		if err := s.result(r, j.piece.Named && j.piece.Line == 0); err != nil {
			return err
		}
	}
	return nil
}

// apartLines judges the lines of a file.
func (s *stream) apartLines(ctx context.Context, file outcome) error {
	return eachLine(ctx, s, &file.piece, file.lines, lineWork[outcome]{
		read: func(ctx context.Context, p Piece, _ bundle.Line, r reading) outcome { return s.judgeReading(ctx, p, r) },
		told: func(j outcome) (bool, []*Ignored) { return len(j.results) > 0, j.ignored },
		take: s.takeResults,
		fail: func(err error) error { return s.result(unreadable(&file.piece, err), false) },
	})
}
