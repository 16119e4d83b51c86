package forensic

import (
	"context"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/gather"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// signature is the envelope over a snapshot. It is read once: what is verified, and
// what is believed then, are of the same reading.
type signature struct {
	text []byte
	item *bundle.Item // nil with err
	err  error        // why text is no bare envelope
}

func parseSignature(text []byte) *signature {
	s := &signature{text: text}
	if len(text) > maxSignature {
		s.err = fault.New(fault.InputTooLarge, "%s has more than %d bytes", SignatureName, maxSignature)
		return s
	}
	s.item, s.err = bundle.ReadEnvelope(input.FromBytes(SignatureName, text))
	return s
}

// predicate returns what is signed about the snapshot. Its caller has verified the
// envelope.
func (s *signature) predicate() (*Predicate, error) {
	return parsePredicate(s.item.Envelope.UnverifiedMessage())
}

var _ verify.Parsed = (*signature)(nil)

// Evidence implements verify.Parsed.
func (s *signature) Evidence() ([]bundle.Item, []verify.Ignored) { return []bundle.Item{*s.item}, nil }

// ReadAt implements verify.Content: nothing is read again.
func (s *signature) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// Size implements verify.Content.
func (s *signature) Size() int64 { return 0 }

// Close implements verify.Content.
func (s *signature) Close() error { return nil }

// signedInputs are the members of a snapshot, its signature before them.
type signedInputs struct {
	*gather.Inputs
	v *verification
}

var _ verify.Inputs = signedInputs{}

// Pieces implements verify.Inputs.
func (in signedInputs) Pieces(ctx context.Context, again bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		if s := in.v.signature; s != nil {
			p := verify.Piece{Name: in.v.o.Name, Member: SignatureName, Err: s.err}
			if s.err == nil {
				p.Content = s
			}
			if !yield(p) {
				return
			}
		}
		in.Inputs.Pieces(ctx, again)(yield)
	}
}

// Open implements verify.Inputs.
func (in signedInputs) Open(p *verify.Piece) (verify.Content, error) {
	if p.Member == SignatureName {
		return in.v.signature, nil // no entry is called so
	}
	return in.Inputs.Open(p)
}
