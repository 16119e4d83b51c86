package verify

import (
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// heldLine bounds the lines that are read into memory when they are opened again,
// in bytes: the file need not stay open for them.
const heldLine = 64 << 10

// reopen reads an entry again. The content, if there is one, must stay open as long
// as the item is used.
func (s *stream) reopen(e *entry) (item bundle.Item, content Content, err error) {
	if e.err != nil {
		return bundle.Item{}, nil, e.err
	}
	content, err = s.in.Open(&e.piece)
	if err != nil {
		return bundle.Item{}, nil, err
	}
	items, needed, err := e.readAgain(&s.reader, content, s.bench.policy.Loose != nil)
	if err == nil && e.index >= len(items) {
		err = fault.New(fault.InputChanged, "it changed while it was being read").
			WithHint("let nothing write to the file and run the command again")
	}
	if err != nil || !needed {
		content.Close()
		content = nil
	}
	if err != nil {
		return bundle.Item{}, nil, err
	}
	return inPlace(&e.piece, items[e.index]), content, nil
}

// maxStampedWhole bounds an envelope that a time stamp in a file of its own may be over, in bytes.
const maxStampedWhole = 1 << 20

// readAgain returns the items of the document, and whether they need the content to stay open.
// whole says that there may be time stamps of all of it.
func (e *entry) readAgain(r *bundle.Reader, content Content, whole bool) (items []bundle.Item, needed bool, err error) {
	if known, ok := content.(Parsed); ok {
		items, _ = known.Evidence()
		return items, false, nil
	}
	f := opened(&e.piece, content)
	if e.line.Size == 0 {
		_, held := f.Slice(0, f.Size())
		items, _, err = r.ReadDocument(f, e.piece.Named)
		if err == nil && len(items) == 1 && whole {
			err = items[0].StampedWhole(f, maxStampedWhole)
		}
		return items, !held, err
	}
	if e.line.Size > heldLine {
		items, err = r.ReadLine(f, e.line)
		return items, true, err
	}
	b := make([]byte, e.line.Size)
	if _, err := f.ReadAt(b, e.line.Off); err != nil {
		return nil, false, fault.Wrap(fault.InputUnreadable, err, "failed to read the line again")
	}
	items, err = r.ReadLine(input.FromBytes(f.Name(), b), bundle.Line{Number: e.line.Number, Size: e.line.Size})
	return items, false, err
}
