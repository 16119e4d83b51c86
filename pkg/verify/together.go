package verify

import (
	"context"
	"encoding/binary"
	"iter"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ordered"
	"github.com/stellaops/stella/internal/spill"
)

const (
	// sortMemory bounds what is held of all pieces while they are brought together,
	// in bytes. The rest is in a temporary file. In bulk the heap is seven times what is
	// held (GOGC of internal/cli).
	sortMemory = 2 << 20
	// maxTogether bounds the pieces of evidence with one payload: they are in memory
	// at once, and 64 signatures are more than any payload has.
	maxTogether = 1024
	// maxOpen bounds those among them that are too large for memory.
	maxOpen = 64
)

// seqSize is the length of a piece's number in a record: big-endian, so that
// records are sorted by it.
const seqSize = 8

// together judges all pieces with one payload together. A first reading finds out
// which they are; what waits for the second is where each piece is, sorted outside
// of memory if it is much.
func (s *stream) together(ctx context.Context) error {
	byPayload := spill.NewSorter("the list of what is verified", sortMemory)
	defer byPayload.Close()
	c := &collation{stream: s, sorter: byPayload}
	err := ordered.Run(ctx, marked(s.in.Pieces(ctx, true)), c.findPiece, func(f found) error {
		if f.lines != nil {
			return c.findLines(ctx, f)
		}
		return c.take(f)
	})
	if err != nil {
		return err
	}
	if done, err := c.judgeSole(ctx); done || err != nil {
		return err
	}
	byPlace := spill.NewSorter("the list of what is verified", sortMemory)
	defer byPlace.Close()
	if err := placeGroups(byPayload, byPlace); err != nil {
		return err
	}
	if err := byPayload.Close(); err != nil {
		return err
	}
	return s.judgeGroups(ctx, byPlace)
}

// found is the evidence in a piece, as records to be sorted.
type found struct {
	piece   Piece
	records [][]byte
	ignored []Ignored
	lines   *reading
	sole    *entry // in place of records
}

// collation is the first reading.
type collation struct {
	*stream
	sorter *spill.Sorter
	seq    uint64
	record []byte
	sole   *entry // all there is so far
}

// findPiece is called by several goroutines at once.
func (c *collation) findPiece(_ context.Context, p *Piece) found {
	if p.End {
		return found{piece: *p}
	}
	r := c.open(p)
	if r.lines != nil {
		lines := r // as in judgePiece
		return found{piece: *p, lines: &lines}
	}
	defer r.close()
	return c.find(*p, bundle.Line{}, r)
}

func (c *collation) find(p Piece, at bundle.Line, r reading) found {
	f := found{piece: p, ignored: r.ignored}
	p.Content, p.Err = nil, nil
	if r.unread != nil {
		f.records = append(f.records, recordOf("", entry{piece: p, line: at, err: r.unread}))
	}
	if p.first && at.Size == 0 && r.unread == nil && len(r.judged) == 1 {
		f.sole = &entry{piece: p, index: r.judged[0]}
		return f
	}
	for _, i := range r.judged {
		e := entry{piece: p, line: at, index: i}
		id, err := payloadID(r.items[i])
		if err != nil {
			e.err = asMalformed(err)
		}
		f.records = append(f.records, recordOf(id, e))
	}
	return f
}

// recordOf returns the record of an entry without its number: a byte that says
// whether there is a payload's id, the id, and the entry.
func recordOf(id string, e entry) []byte {
	b := make([]byte, 0, 1+len(id)+64+len(e.piece.Name))
	if id == "" {
		return e.appendTo(append(b, alone))
	}
	return e.appendTo(append(append(b, grouped), id...))
}

// The first byte of a record.
const (
	alone   = 0
	grouped = 1
	idSize  = 33 // of a payload's id
)

// take takes in what was found in a piece.
func (c *collation) take(f found) error {
	if !f.piece.End {
		c.read++
		c.tell()
	}
	for i := range f.ignored {
		if err := c.ignored(&f.ignored[i]); err != nil {
			return err
		}
	}
	if f.sole != nil {
		c.sole = f.sole
		return c.gathered(&f.piece, 1, f.ignored)
	}
	if err := c.gathered(&f.piece, len(f.records), f.ignored); err != nil {
		f.records = append(f.records, recordOf("", entry{piece: f.piece, err: err}))
	}
	return c.takeRecords(f)
}

// takeRecords numbers and keeps the records of a piece.
func (c *collation) takeRecords(f found) error {
	if len(f.records) > 0 {
		if err := c.settle(); err != nil {
			return err
		}
	}
	for _, r := range f.records {
		head := 1
		if r[0] == grouped {
			head += idSize
		}
		c.record = append(c.record[:0], r[:head]...)
		c.record = binary.BigEndian.AppendUint64(c.record, c.seq)
		c.record = append(c.record, r[head:]...)
		c.seq++
		if err := c.sorter.Add(c.record); err != nil {
			return err
		}
	}
	return nil
}

// findLines reads the lines of a file.
func (c *collation) findLines(ctx context.Context, file found) error {
	return eachLine(ctx, c.stream, &file.piece, file.lines, lineWork[found]{
		read: func(_ context.Context, p Piece, at bundle.Line, r reading) found { return c.find(p, at, r) },
		told: func(f found) (int, []Ignored) { return len(f.records), f.ignored },
		take: func(f found) error {
			c.read++
			c.tell()
			return c.takeRecords(f)
		},
		fail: func(p Piece, err error) error {
			return c.takeRecords(found{records: [][]byte{recordOf("", entry{piece: p, err: err})}})
		},
	})
}

// placeGroups sorts the records anew: by the number of the first piece with the
// same payload, then by their own.
func placeGroups(byPayload, byPlace *spill.Sorter) error {
	var id, first, record []byte
	for r, err := range byPayload.Sorted() {
		if err != nil {
			return err
		}
		head := 1
		if r[0] == grouped {
			head += idSize
		}
		seq := r[head : head+seqSize]
		if r[0] == alone || string(id) != string(r[1:head]) {
			id, first = append(id[:0], r[1:head]...), append(first[:0], seq...)
		}
		record = append(append(append(record[:0], first...), seq...), r[head+seqSize:]...)
		if err := byPlace.Add(record); err != nil {
			return err
		}
	}
	return nil
}

// candidates are the entries with one payload.
type candidates struct {
	entries []entry
	more    int // beyond maxTogether
}

// eachGroup yields the groups in the order of their first pieces.
func eachGroup(byPlace *spill.Sorter, failed *error) iter.Seq[candidates] {
	return func(yield func(candidates) bool) {
		var g candidates
		var first []byte
		for r, err := range byPlace.Sorted() {
			var e entry
			if err == nil {
				e, err = decodeEntry(r[2*seqSize:])
			}
			if err != nil {
				*failed = err
				return
			}
			if string(first) != string(r[:seqSize]) && len(g.entries) > 0 {
				if !yield(g) {
					return
				}
				g = candidates{}
			}
			first = append(first[:0], r[:seqSize]...)
			if len(g.entries) < maxTogether {
				g.entries = append(g.entries, e)
			} else {
				g.more++
			}
		}
		if len(g.entries) > 0 {
			yield(g)
		}
	}
}

// judgeGroups is the second reading.
func (s *stream) judgeGroups(ctx context.Context, byPlace *spill.Sorter) error {
	var failed error
	err := ordered.Run(ctx, eachGroup(byPlace, &failed), s.judgeGroup, func(j outcome) error { return s.take(j) })
	if err == nil {
		err = failed
	}
	return err
}

// judgeGroup is called by several goroutines at once.
func (s *stream) judgeGroup(ctx context.Context, c *candidates) outcome {
	first := c.entries[0]
	j := outcome{piece: first.piece}
	switch result, err := s.judgeEntries(ctx, c); {
	case first.err != nil:
		j.results = append(j.results, unreadable(&first.piece, first.err))
	case err != nil:
		var sources []Source
		for i := range c.entries {
			sources = append(sources, c.entries[i].piece.source())
		}
		j.results = append(j.results, unjudgeable(sources, err, err))
	default:
		j.results = append(j.results, result)
	}
	return j
}

func (s *stream) judgeEntries(ctx context.Context, c *candidates) (*Result, error) {
	if c.more > 0 {
		return nil, fault.New(fault.InputTooLarge, "%d pieces of evidence have this payload, more than the limit of %d", len(c.entries)+c.more, maxTogether)
	}
	var g group
	var open []Content
	defer func() {
		for _, content := range open {
			content.Close()
		}
	}()
	for i := range c.entries {
		if len(open) == maxOpen {
			return nil, fault.New(fault.InputTooLarge, "more than %d large pieces of evidence have this payload", maxOpen)
		}
		item, content, err := s.reopen(&c.entries[i])
		if content != nil {
			open = append(open, content)
		}
		if err != nil {
			return nil, inPiece(&c.entries[i].piece, err)
		}
		g = append(g, item)
	}
	return s.judgeCounted(ctx, g)
}
