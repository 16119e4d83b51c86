package gather

import (
	"io"
	"iter"
	"path"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
)

// Nested is an image layout among the members of an archive. Its files must stay as they are
// until the inputs are closed.
type Nested struct {
	Member string // the directory that it is
	Files  oci.Files
}

// Members returns inputs that are the members of one archive called name, which open
// yields once. What a member does not give as evidence is passed over as in any
// archive, and there may be none. An error of the archive as a whole ends the inputs
// and is not told: who opened it knows.
//
// When all members were yielded come the layouts that nested yields, which may be nil:
// what is attached to their images, and then the blobs that they do not cover, as if they were members.
func Members(name string, open archive.Members, nested iter.Seq[Nested]) *Inputs {
	return &Inputs{names: []string{name}, members: open, nested: nested}
}

// stream walks the members that were given open.
func (w *walk) stream() {
	for m, err := range w.members {
		if err != nil || !w.member(verify.Piece{Name: w.names[0], Member: m.Name}, &m) {
			return
		}
	}
	if w.nested == nil {
		return
	}
	items := 0
	for n := range w.nested {
		if !w.nest(&n, &items) {
			return
		}
	}
}

// nest yields a layout. items counts what is held of all of them.
func (w *walk) nest(n *Nested, items *int) bool {
	p := verify.Piece{Name: w.names[0], Member: n.Member}
	l, err := oci.OpenFiles(n.Member, n.Files)
	if err != nil {
		return w.failed(p, err)
	}
	w.closers = append(w.closers, l)
	found, err := l.Evidence()
	switch {
	case fault.ReasonOf(err) == fault.SignatureMissing:
		found = &oci.Found{}
	case err != nil:
		return w.failed(p, err)
	}
	if *items += len(found.Items); *items > oci.MaxEvidence {
		return w.failed(p, fault.New(fault.InputTooLarge, "the image layouts hold more than %d signed documents together", oci.MaxEvidence))
	}
	if len(found.Items) > 0 && !w.parsed(p, newParsed(&p, found)) {
		return false
	}
	return w.uncovered(n, l)
}

// uncovered yields what a layout holds and does not cover.
func (w *walk) uncovered(n *Nested, l *oci.Layout) bool {
	for _, name := range n.Files.Names() {
		content, size, ok := n.Files.Open(name)
		if !ok || l.Covers(name) {
			continue
		}
		m := archive.Member{Name: path.Join(n.Member, name), Size: size, Content: io.NewSectionReader(content, 0, size)}
		if !w.member(verify.Piece{Name: w.names[0], Member: m.Name}, &m) {
			return false
		}
	}
	return true
}
