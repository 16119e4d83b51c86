package gather

import (
	"errors"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/oci"
	"github.com/stellaops/stella/pkg/verify"
)

// parsed is a piece whose evidence was found in another way than by reading bytes.
// It is open until the Inputs are closed.
type parsed struct {
	items   []bundle.Item
	ignored []verify.Ignored
}

var _ verify.Parsed = (*parsed)(nil)

// Evidence implements verify.Parsed.
func (p *parsed) Evidence() ([]bundle.Item, []verify.Ignored) { return p.items, p.ignored }

// ReadAt implements verify.Content.
func (p *parsed) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// Size implements verify.Content.
func (p *parsed) Size() int64 { return 0 }

// Close implements verify.Content.
func (p *parsed) Close() error { return nil }

// layout yields an image layout, in a directory or an archive.
func (w *walk) layout(p verify.Piece, l *oci.Layout) bool {
	w.closers = append(w.closers, l)
	found, err := l.Evidence(w.o.About...)
	if fault.ReasonOf(err) == fault.SignatureMissing && !p.Named {
		return w.passOver(p, w.holdsNone())
	}
	if err != nil {
		return w.failed(p, err)
	}
	return w.parsed(p, newParsed(&p, found))
}

// holdsNone says of a layout that there is no evidence in it, of that which is wanted.
func (w *walk) holdsNone() string {
	const none = "an image layout that holds no signature or attestation"
	if len(w.o.About) == 0 {
		return none
	}
	return none + " attached to " + strings.Join(w.o.About, " or ")
}

// beyond walks what is in the archive and not covered by the layout.
func (w *walk) beyond(p verify.Piece, l *oci.Layout) bool {
	for _, o := range l.Others() {
		m := archive.Member{Name: o.Name, Size: o.Content.Size(), Content: o.Content}
		if !w.packed(verify.Piece{Name: p.Name, Member: o.Name}, &m) {
			return false
		}
	}
	return true
}

func newParsed(p *verify.Piece, found *oci.Found) *parsed {
	content := &parsed{items: found.Items}
	for _, i := range found.Ignored {
		content.ignored = append(content.ignored, verify.Ignored{Source: p.Name, Member: p.Member, Part: i.Part, Reason: fault.NotEvidence, Message: i.Reason})
	}
	return content
}

// parsed yields a piece that is parsed already.
func (w *walk) parsed(p verify.Piece, content *parsed) bool {
	if w.again {
		w.remember(&p, content)
	} else {
		p.Content = content
	}
	return w.give(p)
}

// parsedKey is where a piece that is parsed already stands.
type parsedKey struct{ name, member string }

// remember keeps what is parsed for Open.
func (in *Inputs) remember(p *verify.Piece, content *parsed) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.known == nil {
		in.known = make(map[parsedKey]*parsed)
	}
	in.known[parsedKey{p.Name, p.Member}] = content
}

func (in *Inputs) remembered(p *verify.Piece) *parsed {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.known[parsedKey{p.Name, p.Member}]
}

// beside yields the one file, completed by what lies beside it.
func (w *walk) beside(p verify.Piece, f *input.File) bool {
	w.closers = append(w.closers, f)
	items, _, err := bundle.Read(f)
	if err == nil {
		err = w.o.Beside.Complete(f, items)
	}
	if err != nil {
		return w.failed(p, err)
	}
	return w.parsed(p, &parsed{items: items})
}

// errBeside refuses a signature's company for something that is no file.
func errBeside() error {
	return fault.New(fault.UsageInvalid, "--certificate and --rfc3161-timestamp go with a signature in a file, not with a directory, an archive or an image layout")
}

// closeAll closes everything in the reverse order of opening.
func closeAll(closers []io.Closer) error {
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i].Close())
	}
	return errors.Join(errs...)
}
