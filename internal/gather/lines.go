package gather

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

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
