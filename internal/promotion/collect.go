package promotion

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// Evidence is signed documents of which nothing is believed yet. Close it after the
// last use of what was made of it.
type Evidence struct {
	envelopes []*envelope
	others    bool                   // there are signed documents that are no statements
	payloads  map[string][]*envelope // by digest
	ignored   []verify.Ignored
	open      []io.Closer
}

// Close closes the files that are still open.
func (e *Evidence) Close() error {
	var errs []error
	for _, c := range e.open {
		errs = append(errs, c.Close())
	}
	e.open = nil
	return errors.Join(errs...)
}

// Len returns the number of envelopes.
func (e *Evidence) Len() int { return len(e.envelopes) }

// Collect reads all evidence in the inputs. What looks like evidence and cannot be
// read is an error; what is something else is passed over, as [verify.Verifier.Stream]
// does, and told by the report of Verify.
func Collect(ctx context.Context, in verify.Inputs) (*Evidence, error) {
	e := &Evidence{}
	for p := range in.Pieces(ctx, false) {
		if err := e.piece(ctx, in, &p); err != nil {
			return nil, errors.Join(err, e.Close())
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// piece reads one piece of the inputs.
func (e *Evidence) piece(ctx context.Context, in verify.Inputs, p *verify.Piece) error {
	if p.End {
		return nil
	}
	content, err := p.Content, p.Err
	if content == nil && err == nil {
		content, err = in.Open(p)
	}
	if err != nil {
		return e.unread(p, err)
	}
	if known, ok := content.(verify.Parsed); ok {
		items, ignored := known.Evidence()
		e.open = append(e.open, content)
		return cmp.Or(e.ignore(ignored...), e.add(ctx, p, items))
	}
	return e.content(ctx, p, content)
}

// unread tells of a piece that is no evidence, or returns the error about evidence that
// cannot be read.
func (e *Evidence) unread(p *verify.Piece, err error) error {
	if i, ok := p.PassedOver(err); ok {
		return e.ignore(i)
	}
	return err
}

func (e *Evidence) ignore(i ...verify.Ignored) error {
	if e.ignored = append(e.ignored, i...); len(e.ignored) > MaxIgnored {
		return fault.New(fault.InputTooLarge, "more than %d things among the evidence are none", MaxIgnored).
			WithHint("name the evidence itself, or a directory with little else in it")
	}
	return nil
}

// content reads a file.
func (e *Evidence) content(ctx context.Context, p *verify.Piece, content verify.Content) error {
	f, err := e.hold(p.Name, content)
	if err != nil {
		return err
	}
	items, lines, err := bundle.Read(f)
	if err != nil {
		return e.unread(p, err)
	}
	for _, l := range lines {
		told := verify.Ignored{Source: p.Name, Member: p.Member, Line: l.Line, Reason: fault.NotEvidence, Message: l.Reason}
		if err := e.ignore(told); err != nil {
			return err
		}
	}
	return e.add(ctx, p, items)
}

// hold reads a small file into memory, so that any number of them needs no open
// files, and keeps a large one open.
func (e *Evidence) hold(name string, content verify.Content) (*input.File, error) {
	f, ok := content.(*input.File)
	if !ok {
		f = input.FromReaderAt(name, content, content.Size())
	}
	if content.Size() > maxHeld {
		if len(e.open) == maxOpen {
			return nil, errors.Join(fault.New(fault.InputTooLarge, "more than %d files of evidence are over %d bytes", maxOpen, maxHeld), content.Close())
		}
		e.open = append(e.open, content)
		return f, nil
	}
	b, err := f.ReadAll()
	return input.FromBytes(f.Name(), b), errors.Join(err, content.Close())
}

func (e *Evidence) add(ctx context.Context, p *verify.Piece, items []bundle.Item) error {
	for _, item := range items {
		item.Source, item.Member = p.Name, p.Member
		if p.Line > 0 {
			item.Line = p.Line
		}
		own, err := newEnvelope(ctx, item)
		switch {
		case err != nil:
			return err
		case own == nil, own.statement == nil:
			e.others = true
			continue // no reference can be to it
		case len(e.envelopes) == MaxEvidence:
			return fault.New(fault.InputTooLarge, "there are more than %d signed documents", MaxEvidence)
		}
		e.put(own)
	}
	return nil
}

func (e *Evidence) put(own *envelope) {
	if e.payloads == nil {
		e.payloads = make(map[string][]*envelope)
	}
	e.envelopes = append(e.envelopes, own)
	e.payloads[own.ref.PayloadSHA256] = append(e.payloads[own.ref.PayloadSHA256], own)
}

// withPayload returns the envelopes with a payload, sha256:<hex>.
func (e *Evidence) withPayload(digest string) []*envelope { return e.payloads[digest] }

// payloads groups envelopes by payload, in the order of first appearance.
func payloads(list []*envelope) [][]*envelope {
	var out [][]*envelope
	index := make(map[string]int)
	for _, own := range list {
		i, ok := index[own.ref.PayloadSHA256]
		if !ok {
			i = len(out)
			index[own.ref.PayloadSHA256] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], own)
	}
	return out
}
