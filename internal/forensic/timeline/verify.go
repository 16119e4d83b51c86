package timeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ordered"
)

// maxGaps bounds the gaps that are remembered to tell events that were moved.
const maxGaps = 1000

// Problem is one difference from an untouched timeline.
type Problem struct {
	// Line is where it shows, from 1; 0 for the timeline as a whole.
	Line    int    `json:"line,omitzero"`
	Message string `json:"message"` // our own words
}

func (p Problem) String() string { return p.Message }

// Report is what a timeline's own bytes, and checkpoints, say about it.
type Report struct {
	Events uint64    `json:"events"`
	First  time.Time `json:"first,omitzero"` // when the first event was added
	Last   time.Time `json:"last,omitzero"`
	Head   string    `json:"head"` // hash of the last event, in hex
	// Edited is how many lines stand where an event should and are none, as one that was
	// edited is; Events does not count them.
	Edited int `json:"edited,omitzero"`
	// Redacted is how many events a redaction notice takes back, and Removed of how
	// many the content is gone.
	Redacted int `json:"redacted"`
	Removed  int `json:"removed"`
	// Unfinished is how many bytes of a last line without an end there are: a write
	// was cut off, or is going on.
	Unfinished int `json:"unfinished,omitzero"`
	chain.Findings[Problem]
}

// Err returns nil if and only if no problem was found: else fault.TimelineTampered,
// or fault.TimelineMalformed if there is no event at all in what should be a timeline.
func (r *Report) Err() error { return r.Verdict(Kind()) }

// Add adds a problem that was found beside the timeline, if there is one.
func (r *Report) Add(problem error) {
	if problem != nil {
		r.problem(0, "%v", problem)
	}
}

func (r *Report) problem(line int, format string, args ...any) {
	r.Found(Problem{line, fmt.Sprintf(format, args...)})
}

// Options say more about a verification.
type Options struct {
	// Checkpoints are what the timeline is held to.
	Checkpoints []chain.Compared
	// Each, if it is set, is told every well-formed event in its order. The event may
	// be used until the next one. An error ends the reading and comes back.
	Each func(e *Event) error
}

// Verify reads a whole timeline, on all cores and in memory that does not grow with
// it, and holds it to its own chain and to checkpoints. The error is of the reading
// alone, or of ctx; [Report.Err] has the verdict.
func Verify(ctx context.Context, r io.Reader, o Options) (*Report, error) {
	v := &verifier{checkpoints: o.Checkpoints, contents: newContents()}
	defer v.contents.close()
	if err := ordered.Run(ctx, chunks(r), parseChunk, func(c parsedChunk) error { return v.chunk(c, o.Each) }); err != nil {
		return nil, err
	}
	if err := v.finish(); err != nil {
		return nil, err
	}
	return &v.Report, nil
}

// parsedChunk is a chunk whose lines were parsed.
type parsedChunk struct {
	lines []parsedLine
	err   error
}

type parsedLine struct {
	parsed
	err error
	cut int // bytes of a line without an end
}

// parseChunk is called by several goroutines at once.
func parseChunk(_ context.Context, c *chunk) parsedChunk {
	switch {
	case c.err != nil:
		return parsedChunk{err: c.err}
	case c.long:
		return parsedChunk{lines: []parsedLine{{err: fmt.Errorf("it is over %d bytes", MaxLine)}}}
	}
	out := parsedChunk{lines: make([]parsedLine, 0, bytes.Count(c.text, []byte{'\n'})+1)}
	for text := range c.lines() {
		var l parsedLine
		if text[len(text)-1] != '\n' {
			l.cut = len(text)
		} else if len(text) > MaxLine {
			l.err = fmt.Errorf("it is over %d bytes", MaxLine)
		} else {
			l.parsed, l.err = parseEvent(text)
		}
		out.lines = append(out.lines, l)
	}
	return out
}

type verifier struct {
	Report
	checkpoints []chain.Compared
	contents    *contents
	n           int        // lines read
	head        chain.Head // as the events themselves say
	id          ulid.ULID  // of the event at the head
	at          time.Time  // likewise
	gaps        []gap
	bad         int // how many lines just before were no event
	known       int // how many of all those are events that were edited
}

// gap is the numbers of events that were passed over, from first to last.
type gap struct{ first, last uint64 }

func (v *verifier) chunk(c parsedChunk, each func(*Event) error) error {
	for i := range c.lines {
		if err := v.line(&c.lines[i], each); err != nil {
			return err
		}
	}
	return c.err
}

func (v *verifier) line(l *parsedLine, each func(*Event) error) error {
	v.n++
	if l.cut > 0 {
		v.Unfinished = l.cut
		return nil
	}
	if l.err != nil {
		v.edited(l)
		return nil
	}
	v.take(&l.parsed)
	if err := v.contents.add(&l.Event, v.n); err != nil || each == nil {
		return err
	}
	return each(&l.Event)
}

// edited notes a line that is no event, or not as it was added.
func (v *verifier) edited(l *parsedLine) {
	v.Edited++
	v.bad++
	if l.Seq == 0 {
		v.problem(v.n, "event %d was edited, or the line was put there: %v", v.head.Size+uint64(v.bad), l.err)
		return
	}
	v.known++
	v.problem(v.n, "event %d was edited: %v", l.Seq, l.err)
}

// take compares the place of an event with what is before it, and goes on from there.
func (v *verifier) take(p *parsed) {
	after := v.head.Size
	switch {
	case v.bad > 0 && p.Seq > after:
		v.gap(after+1, p.Seq-1) // said already: the chain is picked up here
	case p.Seq > after+1 && after == 0:
		v.problem(v.n, "the timeline begins with event %d: those before it were removed", p.Seq)
		v.gap(1, p.Seq-1)
	case p.Seq > after+1:
		v.problem(v.n, "event %d stands after event %d: %d between them were removed or moved", p.Seq, after, p.Seq-after-1)
		v.gap(after+1, p.Seq-1)
	case p.Seq <= after && v.fill(p.Seq):
		v.problem(v.n, "event %d stands after event %d: it was moved", p.Seq, after)
		v.Events++
		v.bad = 0
		return // the chain goes on from where it was
	case p.Seq <= after:
		v.problem(v.n, "there is another event %d: the timeline forks after event %d", p.Seq, p.Seq-1)
	case p.Prev != v.head.Hash && after == 0:
		v.problem(v.n, "the first event names an event before it")
	case p.Prev != v.head.Hash:
		v.problem(v.n, "event %d was edited, or the timeline forks there: event %d does not continue it", after, p.Seq)
	}
	v.bad = 0
	v.dated(p)
	v.Events++
	if v.First.IsZero() {
		v.First = p.Time
	}
	v.head, v.id, v.at = chain.Head{Size: p.Seq, Hash: p.hash}, p.ID, p.Time
	chain.Meet(v.checkpoints, v.head)
}

// dated compares the time of an event with that of the one before.
func (v *verifier) dated(p *parsed) {
	switch {
	case v.Events == 0:
	case p.Time.Before(v.at):
		v.problem(v.n, "event %d is of %s, before event %d of %s: time goes backwards", p.Seq, p.Time.Format(timeFormat), v.head.Size, v.at.Format(timeFormat))
	case p.ID.Compare(v.id) <= 0:
		v.problem(v.n, "the id of event %d does not come after that of event %d", p.Seq, v.head.Size)
	}
}

// gap remembers events that were passed over.
func (v *verifier) gap(first, last uint64) {
	if first <= last && len(v.gaps) < maxGaps {
		v.gaps = append(v.gaps, gap{first, last})
	}
}

// fill reports whether an event was passed over before, and takes it from the gaps.
func (v *verifier) fill(seq uint64) bool {
	for i, g := range v.gaps {
		if seq < g.first || seq > g.last {
			continue
		}
		v.gaps = slices.Delete(v.gaps, i, i+1)
		if g.first < seq {
			v.gap(g.first, seq-1)
		}
		if seq < g.last {
			v.gap(seq+1, g.last)
		}
		return true
	}
	return false
}

// finish judges the timeline as a whole.
func (v *verifier) finish() error {
	v.Report.Head, v.Last = v.head.Hash.String(), v.at
	if err := v.contents.judge(&v.Report); err != nil {
		return err
	}
	v.Conclude(Kind(), v.n, int(v.Events)+v.known, v.head, v.checkpoints, func(problem string) { v.problem(0, "%s", problem) })
	return nil
}

// errNoTimeline says that there is nothing at all.
var errNoTimeline = errors.New("it holds no event")

// Whole returns an error unless the report is over a timeline that ends with a whole
// line, as one that lies in a snapshot must.
func (r *Report) Whole() error {
	switch {
	case r.Unfinished > 0:
		return fault.New(fault.TimelineTampered, "the last %d bytes of the timeline are a line without an end: it was cut", r.Unfinished)
	case r.Events == 0 && r.ProblemCount == 0:
		return fault.Wrap(fault.TimelineMalformed, errNoTimeline, "")
	}
	return nil
}
