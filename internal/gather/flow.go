package gather

import (
	"bufio"
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"

	"github.com/stellaops/stella/internal/archive"
	"github.com/stellaops/stella/internal/archive/tarend"
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
		return w.whole(p, head, in)
	case format != archive.None && w.o.Beside != (bundle.Beside{}):
		return w.failed(p, errBeside())
	case format != archive.None:
		return w.archived(p, head, archive.ReadTar(in, format))
	case isOther(head) && tarend.IsZero(head):
		return w.zeros(p, head, in)
	case isOther(head):
		return w.short(p, head, in)
	case one || !areLines(in):
		return w.whole(p, head, in)
	}
	return w.lines(p, in)
}

// isOther reports whether what begins with head is no JSON.
func isOther(head []byte) bool {
	return len(bytes.TrimLeft(head, " \t\r\n")) > 0 && bundle.CheckHead(head) != nil
}

// zeros yields what begins with nothing but zeros: an empty tar archive, or nothing.
func (w *walk) zeros(p verify.Piece, head []byte, r io.Reader) bool {
	empty, err := archive.IsEmptyTar(r)
	switch {
	case err != nil:
		return w.failed(p, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(p.Name)))
	case !empty:
		return w.failed(p, bundle.CheckHead(head))
	case w.o.Beside != (bundle.Beside{}):
		return w.failed(p, errBeside())
	}
	return w.give(verify.Piece{Name: p.Name, Named: true, End: true})
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

// whole yields a pipe after it was read to its end.
func (w *walk) whole(p verify.Piece, head []byte, r io.Reader) bool {
	f, err := input.Spool(p.Name, r, input.MaxEvidence)
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
