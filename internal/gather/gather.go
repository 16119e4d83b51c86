package gather

import (
	"context"
	"io"
	"iter"
	"os"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// Inputs are what the user named, as verify.Inputs. Close them.
type Inputs struct {
	names []string
	stdin io.Reader

	keep *keep
}

var _ verify.Inputs = (*Inputs)(nil)

// New returns the inputs called names, "-" for stdin.
func New(names []string, stdin io.Reader) *Inputs { return &Inputs{names: names, stdin: stdin} }

// Close releases what was kept aside.
func (in *Inputs) Close() error {
	if in.keep == nil {
		return nil
	}
	return in.keep.close()
}

// Pieces implements verify.Inputs.
func (in *Inputs) Pieces(ctx context.Context, again bool) iter.Seq[verify.Piece] {
	return func(yield func(verify.Piece) bool) {
		w := &walk{Inputs: in, ctx: ctx, again: again, yield: yield}
		for _, name := range in.names {
			if !w.named(name) {
				return
			}
		}
	}
}

// Open implements verify.Inputs.
func (in *Inputs) Open(p *verify.Piece) (verify.Content, error) {
	switch {
	case p.Place.Kept:
		return in.keep.open(p)
	case p.Named:
		return input.Open(p.Name, nil, input.MaxArtifact)
	}
	return input.OpenPlain(p.Name)
}

// walk is one pass over the inputs.
type walk struct {
	*Inputs
	ctx   context.Context
	again bool
	yield func(verify.Piece) bool
}

// give yields a piece, unless the pass is to end.
func (w *walk) give(p verify.Piece) bool { return w.ctx.Err() == nil && w.yield(p) }

// failed yields what cannot be read.
func (w *walk) failed(p verify.Piece, err error) bool {
	p.Err = err
	return w.give(p)
}

// passOver yields what is no evidence by its kind.
func (w *walk) passOver(p verify.Piece, why string) bool {
	return w.failed(p, &verify.Ignored{Reason: fault.InputNotRegular, Message: why})
}

// named finds what is behind a name that the user gave.
func (w *walk) named(name string) bool {
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir():
		return w.directory(name, 0)
	}
	return w.give(verify.Piece{Name: name, Named: true})
}
