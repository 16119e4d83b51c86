package timeline

import (
	"bytes"
	"errors"
	"io"
	"iter"
)

// chunkSize is about how much of a timeline is parsed at a time, in bytes.
const chunkSize = 64 << 10

// chunk is some lines of a timeline.
type chunk struct {
	text []byte // of whole lines, or of the last line without an end
	long bool   // text is the beginning of a line over MaxLine instead
	err  error  // of reading; nothing follows
}

// chunks returns what is in r. Each chunk has memory of its own.
func chunks(r io.Reader) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		var rest []byte // the beginning of a line
		for {
			b := make([]byte, len(rest)+chunkSize)
			n := copy(b, rest)
			more, err := io.ReadFull(r, b[n:])
			b = b[:n+more]
			ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
			whole := bytes.LastIndexByte(b, '\n') + 1
			rest = b[whole:]
			switch {
			case err != nil && !ended:
				yield(chunk{err: err})
				return
			case whole > 0 && !yield(chunk{text: b[:whole]}):
				return
			case ended && len(rest) > 0:
				yield(chunk{text: rest, long: len(rest) > MaxLine})
				return
			case ended:
				return
			case len(rest) > MaxLine:
				if !yield(chunk{text: rest[:MaxLine], long: true}) {
					return
				}
				var err error
				if rest, err = afterLine(r); err != nil {
					yield(chunk{err: err})
					return
				}
			}
		}
	}
}

// afterLine reads to the end of a line, and returns what was read beyond it.
func afterLine(r io.Reader) ([]byte, error) {
	b := make([]byte, chunkSize)
	for {
		n, err := r.Read(b)
		if i := bytes.IndexByte(b[:n], '\n'); i >= 0 {
			return bytes.Clone(b[i+1 : n]), nil
		}
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// lines returns the lines of a chunk that is not long, each with its line feed but for
// one without an end.
func (c *chunk) lines() iter.Seq[[]byte] { return bytes.Lines(c.text) }

// Events returns the events in r whose lines are well-formed, each with its content
// as far as it is there. Whether they are what was once added, Verify says. An event
// may be used until the next one. A failure to read ends them with an error.
func Events(r io.Reader) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for c := range chunks(r) {
			if c.err != nil {
				yield(nil, c.err)
				return
			}
			if c.long {
				continue
			}
			for line := range c.lines() {
				p, err := parseEvent(line)
				if err == nil && !yield(&p.Event, nil) {
					return
				}
			}
		}
	}
}
