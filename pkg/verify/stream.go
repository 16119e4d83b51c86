package verify

import (
	"context"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ordered"
)

// StreamOptions say how a stream is judged.
type StreamOptions struct {
	// Together has all evidence with one payload make one result, as Verify does,
	// also where no piece of it can change what another is worth. It costs reading
	// everything twice.
	Together bool
	// Expect is how many distinct signed documents must be verified, neither more nor fewer; 0
	// for any number. Envelopes and bundles by the same signers over the same payload
	// are one, however many there are, and so is one from which signatures were cut
	// out. Where more than one key is trusted it takes Together.
	Expect int
	// FailFast ends the stream with the first result, in order, that fails.
	FailFast bool
	// Progress, if it is set, is told now and then, by the goroutine that called
	// Stream, how many pieces were read before the first is judged, and how many
	// judged.
	Progress func(read int, c *Counts)
}

// Sink takes what a stream finds, one after the other and in order. What it is
// given is its own. An error ends the stream, and comes back from it.
type Sink interface {
	Result(r *Result) error
	Ignored(i *Ignored) error
}

// Stream judges all that in gives, on all cores and in memory that does not grow
// with it. The report is that of Verify, but results and what was ignored have gone
// to the sink, in the order of the inputs. A result's Message is nil: its source is
// closed by then.
//
// Evidence with one payload is one result if the policy lets pieces of evidence
// help each other, or o demands it or expects a number of documents of which one may be
// a part of another; its place is that of its first piece. Else
// each piece is a result of its own. Both ways the evidence as a whole is verified,
// or not, as by Verify over all of it.
//
// Evidence that cannot be read is a result, too, with one failed check called
// "evidence". If it is all there is and was named, there is no report, and its
// error comes back; but a place without evidence has a report if something in it was
// ignored, so that it is told.
func (v *Verifier) Stream(ctx context.Context, in Inputs, o StreamOptions, to Sink) (*Report, error) {
	s := &stream{Verifier: v, in: in, options: o, to: to}
	if o.Expect > 0 {
		s.counted = newDocuments()
		defer s.counted.ids.Close()
	}
	run := s.apart
	if o.Together || o.Expect > 0 && v.bench.mayHaveParts() || !v.bench.policy.standsAlone() {
		run = s.together
	}
	if err := run(ctx); err != nil {
		return nil, err
	}
	return s.finish()
}

// stream is one verification on its way. Its fields are those of the goroutine
// that called Stream.
type stream struct {
	*Verifier
	in      Inputs
	options StreamOptions
	to      Sink
	reader  bundle.Reader

	verdict conclusion
	counted *documents // nil if no number is expected
	read    int        // pieces, in the first reading
	first   *Result    // until another one comes: alone, a named one that cannot be read is an error
	named   bool       // whether the first result is that of a named piece
	inside  int        // pieces of evidence since the last piece that was named
	passed  int        // what was ignored since then
	piped   lineTally  // of pieces that are lines
	lacking untyped
	stopped bool
}

// result takes in the next result.
func (s *stream) result(r *Result, named bool) error {
	if s.stopped {
		return ordered.ErrStop
	}
	if s.verdict.counts.Results == 0 && s.first == nil {
		s.first, s.named = r, named
		return nil
	}
	if err := s.release(); err != nil {
		return err
	}
	return s.hand(r)
}

// release hands on the first result, if it still waits.
func (s *stream) release() error {
	r := s.first
	s.first = nil
	if r == nil {
		return nil
	}
	return s.hand(r)
}

func (s *stream) hand(r *Result) error {
	r.Message = nil
	s.verdict.result(r)
	if s.counted != nil && r.Verified {
		if err := s.counted.add(r); err != nil {
			return err
		}
	}
	r.documents = nil
	s.tell()
	failed := !r.Verified // the sink may release r
	if err := s.to.Result(r); err != nil {
		return err
	}
	if s.options.FailFast && failed {
		s.stopped = true
		return ordered.ErrStop
	}
	return nil
}

func (s *stream) ignored(i *Ignored) error {
	if s.stopped {
		return ordered.ErrStop
	}
	s.verdict.ignored(i)
	return s.to.Ignored(i)
}

func (s *stream) tell() {
	if s.options.Progress != nil {
		s.options.Progress(s.read, &s.verdict.counts)
	}
}

// finish concludes.
func (s *stream) finish() (*Report, error) {
	if r := s.first; r != nil {
		if r.unread != nil && s.named && !s.lists(r) {
			return nil, r.unread
		}
		s.options.FailFast = false // there is nothing left to stop
		if err := s.release(); err != nil {
			return nil, err
		}
	}
	report := newReport(s.bench.policy)
	report.Stopped = s.stopped
	if !s.stopped {
		s.lacking.add(&s.piped)
		s.lacking.conclude(&s.verdict, s.bench.policy)
		s.verdict.unmatched(s.bench.policy)
		s.verdict.unmet(s.bench.policy)
		if err := s.count(); err != nil {
			return nil, err
		}
	}
	return report, s.verdict.conclude(report)
}

// lists reports whether a result is that of a place without evidence, and something was ignored.
func (s *stream) lists(r *Result) bool {
	return fault.ReasonOf(r.unread) == fault.SignatureMissing && len(s.verdict.counts.Ignored) > 0
}

// judgeCounted judges all evidence with one payload, and says which documents they are
// if those are counted. It is called by several goroutines at once.
func (s *stream) judgeCounted(ctx context.Context, g group) (*Result, error) {
	r, err := s.judge(ctx, g)
	if err == nil && s.counted != nil {
		err = r.identify()
	}
	return r, err
}

// count holds the evidence to the number that is expected.
func (s *stream) count() error {
	if s.counted == nil {
		return nil
	}
	if err := s.counted.count(); err != nil {
		return err
	}
	s.counted.expect(s.options.Expect, &s.verdict)
	return nil
}
