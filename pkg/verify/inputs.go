package verify

import (
	"context"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/input"
)

// Inputs give evidence piece by piece, for a [Verifier] to stream. They stay open
// until Stream has returned.
type Inputs interface {
	// Pieces yields all pieces, once, in the order in which they are to be judged.
	// It ends early when ctx does. With again, every piece may be opened again after
	// all were yielded; without it each is opened at most once, soon after.
	Pieces(ctx context.Context, again bool) iter.Seq[Piece]
	// Open opens a piece that came without Content. It is called by several
	// goroutines at a time.
	Open(p *Piece) (Content, error)
}

// Explainer is what Inputs may be as well, to say more of what is passed over.
type Explainer interface {
	// Explain may change the reason and the message of i, which is about a piece whose
	// content is no evidence. It is called by several goroutines at a time.
	Explain(p *Piece, c Content, i *Ignored)
}

// Piece is one place where evidence is, or something else that stood among it.
type Piece struct {
	// Name is the file's, and Member that of a member of it if the file is an
	// archive. Both are for people.
	Name, Member string
	// Line is the piece's line in the file, from 1; 0 for all of it.
	Line int
	// Named says that the user asked for this very piece. If it is not evidence it
	// is an error then; else it is passed over.
	Named bool
	// End says that this is no piece but the end of the directory, pattern or archive
	// called Name: if no evidence came out of it, that is a failure.
	End bool
	// Content is the piece, already open, or nil if Inputs.Open is to open it.
	Content Content
	// Place is where the Inputs find the piece. It survives, with the fields above
	// it, when pieces are opened again.
	Place Place
	// Err says why there is nothing to open. If it is an [Ignored] the piece is
	// passed over, else it counts as evidence that cannot be read.
	Err error

	first bool // of all
}

// Place is for the Inputs alone.
type Place struct {
	Kept      bool
	Off, Size int64
}

// Content is the bytes of a piece. An *os.File with its size is nearly one.
type Content interface {
	io.ReaderAt
	io.Closer
	// Size returns the number of bytes there were at opening.
	Size() int64
}

// Parsed is Content whose evidence is known already, in another way than by reading
// its bytes: that of an image layout.
type Parsed interface {
	Content
	// Evidence returns what there is, and what was ignored. Neither may be changed.
	Evidence() ([]bundle.Item, []Ignored)
}

// opened returns the file that readers of evidence take.
func opened(p *Piece, c Content) *input.File {
	if f, ok := c.(*input.File); ok {
		return f
	}
	return input.FromReaderAt(p.Name, c, c.Size())
}
