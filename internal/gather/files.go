package gather

import (
	"context"
	"iter"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// Found is something below a directory.
type Found struct {
	Path string
	// Kind says what it is, with an article, if it is no regular file.
	Kind string
}

// Files yields all that is below a directory, but for directories, in the order of
// the whole paths by their bytes, and follows no links. An error is the last element.
// Memory does not grow with the number of files.
func Files(dir string) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) { files(dir, 0, yield) }
}

func files(dir string, depth int, yield func(Found, error) bool) bool {
	if depth > maxDepth {
		return yield(Found{}, fault.New(fault.InputTooLarge, "directories in %s are more than %d deep", input.Display(dir), maxDepth))
	}
	for e, err := range entriesOf(dir) {
		switch {
		case err != nil:
			yield(Found{}, err)
			return false
		case e.kind == kindDirectory:
			if !files(e.path, depth+1, yield) {
				return false
			}
		case e.kind == kindLink:
			if !yield(Found{e.path, "a symbolic link"}, nil) {
				return false
			}
		case e.kind == kindOther:
			if !yield(Found{e.path, "no regular file"}, nil) {
				return false
			}
		case !yield(Found{Path: e.path}, nil):
			return false
		}
	}
	return true
}

// pieces yields the pieces of one pass.
func (in *Inputs) pieces(ctx context.Context, again bool, yield func(verify.Piece) bool) {
	w := &walk{Inputs: in, ctx: ctx, again: again, yield: yield}
	defer w.held.files.Close()
	if in.members != nil {
		w.stream()
		return
	}
	for _, name := range in.names {
		if !w.argument(name) {
			return
		}
	}
}
