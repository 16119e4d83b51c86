package gather

import (
	"bufio"
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// standardInput yields what comes through standard input.
func (w *walk) standardInput() bool { return w.flow(verify.Piece{Name: "-", Named: true}, w.o.Stdin) }

// device yields what comes through a named pipe or a device.
func (w *walk) device(p verify.Piece) bool {
	f, err := input.OpenStream(p.Name, nil)
	if err != nil {
		return w.failed(p, err)
	}
	defer f.Close()
	return w.flow(p, f)
}

// flow yields what comes through a pipe: an archive, JSON lines or one document. Lines
// are yielded as they come; everything else is read to its end first, but for a tar
// archive, and for what begins as neither: it may have no end.
func (w *walk) flow(p verify.Piece, r io.Reader) bool {
	in := bufio.NewReaderSize(r, lineBuffer)
	head, err := firstOf(in)
	if err != nil {
		return w.failed(p, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(p.Name)))
	}
	one := w.again || w.o.Beside != (bundle.Beside{})
	switch format := archive.Recognise(head); {
	case format == archive.Zip:
		return w.whole(p, head, in, input.MaxEvidence)
	case format == archive.Tar && p.Name != "-" && mayBeLayout(head):
		return w.whole(p, head, in, archive.MaxExpanded) // which is not read in its order
	case format != archive.None && w.o.Beside != (bundle.Beside{}):
		return w.failed(p, errBeside())
	case format != archive.None:
		return w.archived(p, head, archive.ReadTar(in, format))
	case isOther(head):
		return w.short(p, head, in)
	case one || !areLines(in):
		return w.whole(p, head, in, input.MaxEvidence)
	}
	return w.lines(p, in)
}

// isOther reports whether what begins with head is no JSON.
func isOther(head []byte) bool {
	return len(bytes.TrimLeft(head, " \t\r\n")) > 0 && bundle.CheckHead(head) != nil
}

// short yields what is no JSON, and nothing but a signature then.
func (w *walk) short(p verify.Piece, head []byte, r io.Reader) bool {
	b, err := io.ReadAll(io.LimitReader(r, bundle.MaxDetached+1))
	switch {
	case err != nil:
		return w.failed(p, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(p.Name)))
	case len(b) > bundle.MaxDetached:
		return w.failed(p, bundle.CheckHead(head))
	}
	return w.file(p, input.FromBytes(p.Name, b))
}

// firstOf returns what tells the format of a stream. For the rest of what looks like
// JSON it does not wait: who writes it may be slow.
func firstOf(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(1)
	json := bytes.ContainsAny(head, "{ \t\r\n")
	if json {
		head, _ = in.Peek(min(in.Buffered(), archive.HeadSize))
	}
	if !json || bytes.ContainsRune(head, 0) { // a tar archive may begin with any name
		head, err = in.Peek(archive.HeadSize)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.Clone(head), err
}

// whole yields a pipe after it was read to its end, which is to come within limit bytes.
func (w *walk) whole(p verify.Piece, head []byte, r io.Reader, limit int64) bool {
	f, err := input.Spool(p.Name, r, limit)
	if err != nil {
		return w.failed(p, err)
	}
	if archive.Recognise(head) != archive.None {
		return w.archive(p, head, f)
	}
	return w.file(p, f)
}

// lineBuffer is how much of a pipe is looked at for the end of a line, in
// bytes. Longer lines go to temporary files.
const lineBuffer = 256 << 10

// areLines reports whether the first line is a JSON text of its own and something
// follows it. It takes nothing from in, and waits for no more than it needs.
func areLines(in *bufio.Reader) bool {
	for n := 1; n <= lineBuffer; {
		if _, err := in.Peek(n); err != nil {
			return false
		}
		seen, _ := in.Peek(in.Buffered())
		line, rest, found := bytes.Cut(bytes.TrimLeft(seen, " \t\r\n"), []byte("\n"))
		if found && !jsontext.Value(line).IsValid() {
			return false
		}
		if len(bytes.TrimSpace(rest)) > 0 {
			return true
		}
		n = len(seen) + 1
	}
	return false
}

// lines yields JSON lines one by one.
func (w *walk) lines(p verify.Piece, in *bufio.Reader) bool {
	for p.Line = 1; ; p.Line++ {
		l := &line{in: in}
		f, err := l.file(p.Name)
		switch {
		case errors.Is(err, io.EOF):
			return true
		case err != nil:
			return w.failed(p, err)
		case f == nil:
			continue // blank
		}
		p.Content = f
		if !w.give(p) {
			return false
		}
	}
}

// line is one line of a stream, with its end.
type line struct {
	in      *bufio.Reader
	pending []byte
	ended   bool
}

// Read implements io.Reader.
func (l *line) Read(p []byte) (int, error) {
	if len(l.pending) == 0 {
		if l.ended {
			return 0, io.EOF
		}
		var err error
		l.pending, err = l.in.ReadSlice('\n')
		l.ended = !errors.Is(err, bufio.ErrBufferFull)
		if err != nil && l.ended && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	n := copy(p, l.pending)
	l.pending = l.pending[n:]
	return n, nil
}

// file returns the line as a file, nil for a blank one, or io.EOF.
func (l *line) file(name string) (*input.File, error) {
	text := make([]byte, 0, 2<<10)
	for !l.ended || len(l.pending) > 0 {
		if len(text) > heldInMemory {
			return l.long(name, text)
		}
		text = slices.Grow(text, 1<<10)
		n, err := l.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		if err != nil {
			return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(name))
		}
	}
	switch {
	case len(text) == 0:
		return nil, io.EOF
	case len(bytes.TrimSpace(text)) == 0:
		return nil, nil //nolint:nilnil // documented
	}
	return input.FromBytes(name, text), nil
}

// long returns a line of which only the beginning was read.
func (l *line) long(name string, beginning []byte) (*input.File, error) {
	f, err := input.Aside(name, io.MultiReader(bytes.NewReader(beginning), l), input.MaxEvidence)
	if err != nil {
		return nil, err
	}
	return f, nil
}
