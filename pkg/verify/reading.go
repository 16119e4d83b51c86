package verify

import (
	"cmp"
	"errors"
	"slices"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// reading is what a piece turned out to be: items, some of which may be ignored, or
// one of the other fields is set, beside content, which must be closed.
type reading struct {
	content Content
	items   []bundle.Item
	judged  []int       // indices of items
	lines   *input.File // JSON lines
	ignored []Ignored
	unread  error
}

func (r *reading) close() {
	if r.content != nil {
		r.content.Close()
	}
}

// open reads a piece.
func (s *stream) open(p *Piece) reading {
	r := reading{content: p.Content}
	err := p.Err
	if r.content == nil && err == nil {
		own := *p // which may stay with what is opened; p goes on to another piece
		r.content, err = s.in.Open(&own)
	}
	if err != nil {
		return r.failed(p, err)
	}
	if known, ok := r.content.(Parsed); ok {
		items, ignored := known.Evidence()
		r.items, r.ignored = placed(p, slices.Clone(items)), ignored
		return r.selected(s.bench.policy.consider)
	}
	f := opened(p, r.content)
	if p.Line > 0 {
		return s.openLine(p, r, f)
	}
	items, lines, err := s.reader.ReadDocument(f, p.Named)
	switch {
	case lines:
		r.lines = f
	case err != nil:
		return s.explained(p, r.failed(p, err))
	}
	r.items = placed(p, items)
	return r.selected(s.bench.policy.consider)
}

// explained has the inputs say more of a piece that is passed over.
func (s *stream) explained(p *Piece, r reading) reading {
	if e, ok := s.in.(Explainer); ok && r.unread == nil {
		e.Explain(p, r.content, &r.ignored[0])
	}
	return r
}

// openLine reads a piece that is a line of a stream, all of f.
func (s *stream) openLine(p *Piece, r reading, f *input.File) reading {
	items, err := s.reader.ReadLine(f, bundle.Line{Number: p.Line, Size: f.Size()})
	if err != nil {
		return r.failed(p, err)
	}
	r.items = placed(p, items)
	return r.selected(s.bench.policy.split)
}

// selected tells the items to be judged from those of another type.
func (r reading) selected(by func([]bundle.Item) ([]int, []Ignored)) reading {
	judged, others := by(r.items)
	r.judged, r.ignored = judged, slices.Concat(r.ignored, others)
	return r
}

func (r reading) failed(p *Piece, err error) reading {
	if i, ok := p.PassedOver(err); ok {
		r.ignored = []Ignored{i}
		return r
	}
	r.unread = err
	return r
}

// PassedOver reports whether err, of opening or reading the piece, says that it is no
// evidence and need not be, and returns what is told of it. Any other error is about
// evidence that cannot be read.
func (p *Piece) PassedOver(err error) (Ignored, bool) {
	if i, ok := errors.AsType[*Ignored](err); ok {
		told := *i
		told.Source, told.Member, told.Line = p.Name, p.Member, p.Line
		return told, true
	}
	line := p.Line > 0 && fault.ReasonOf(err) == fault.NotEvidence
	if line || !p.Named && bundle.PassedOver(p.ownName(), err) {
		return passedOver(p, err), true
	}
	return Ignored{}, false
}

// ownName is the name that may say that the piece is evidence.
func (p *Piece) ownName() string { return cmp.Or(p.Member, p.Name) }

// display is how messages call the file, whatever the line.
func (p *Piece) display() string { return place(input.Display(p.Name), p.Member, 0, "") }

// placed has items say which piece they are from.
func placed(p *Piece, items []bundle.Item) []bundle.Item {
	for i := range items {
		items[i] = inPlace(p, items[i])
	}
	return items
}

func inPlace(p *Piece, item bundle.Item) bundle.Item {
	item.Source, item.Member = p.Name, p.Member
	if p.Line > 0 {
		item.Line = p.Line
	}
	return item
}
