package canonical

import (
	"io"
	"slices"
)

// Append appends the canonical form of the JSON text src to dst and returns
// the result; the two must not overlap. Numbers are rounded to doubles; one
// beyond their range is an error. On error Append returns dst as it was given.
//
// The errors of Append and Parse have a reason of internal/fault, a
// *SyntaxError as cause, and the details "path" and "offset". The reasons are InputMalformed,
// NumberInexact, InputEmpty, InputEncoding (byte order mark, UTF-16, gzip) and
// InputTooLarge (a limit of this package other than MaxDepth).
func Append(dst, src []byte) ([]byte, error) {
	d, err := parse(src, Options{})
	if err != nil {
		return dst, err
	}
	return d.Append(dst), nil
}

// Options loosens or tightens Parse. The zero value is pure RFC 8785.
type Options struct {
	// ExactNumbers refuses, with fault.NumberInexact, a number whose canonical
	// text is not decimal-equal to its source text.
	ExactNumbers bool
}

// Document is a checked JSON text that can be written in canonical form any
// number of times. It is immutable and safe for concurrent use.
type Document struct {
	src        []byte
	index      store
	root       record
	start, end int // of the root value in src
	loose      bool
	size       int64
}

// Parse checks all of src and indexes it. It keeps src, which must not be
// modified afterwards. On malformed text it returns no document.
func Parse(src []byte, opts Options) (*Document, error) {
	d, err := parse(src, opts)
	if err != nil {
		return nil, err
	}
	return &d, nil
}

func parse(src []byte, opts Options) (Document, error) {
	p := parser{src: src, exact: opts.ExactNumbers, members: make([]member, 0, 2*few)}
	return p.parse()
}

// parse reads the whole source.
func (p *parser) parse() (Document, error) {
	src := p.src
	root, start, end, err := p.text()
	if err != nil {
		return Document{}, err
	}
	return Document{
		src:   src,
		index: p.index,
		root:  root,
		start: start,
		end:   end,
		loose: p.changes() != start+len(src)-end,
		size:  int64(len(src) - p.spaces - p.saved),
	}, nil
}

// Size returns the exact length of the canonical form in bytes.
func (d *Document) Size() int64 { return d.size }

// Append appends the canonical form to dst, which must not overlap the text that
// was parsed, and returns the result.
func (d *Document) Append(dst []byte) []byte {
	w := writer{src: d.src, index: &d.index, buf: slices.Grow(dst, int(d.size))}
	w.document(d)
	return w.buf
}

// Appender is [Append] for many texts, one after the other: it keeps its memory.
// Its zero value is pure RFC 8785. It is not safe for concurrent use.
type Appender struct {
	Options
	parser parser
	last   Document
}

// Append appends the canonical form of src to dst, as the function Append does,
// and refuses what [Parse] refuses with the same options.
func (a *Appender) Append(dst, src []byte) ([]byte, error) {
	p := &a.parser
	p.index.truncate(0)
	p.pieces.truncate(0)
	*p = parser{src: src, exact: a.ExactNumbers, members: p.members[:0], names: p.names[:0], pieces: p.pieces, index: p.index}
	var err error
	if a.last, err = p.parse(); err != nil {
		return dst, err
	}
	return a.last.Append(dst), nil
}

// WriteTo writes the canonical form to w, in chunks of 64 KiB to 1 MiB but for
// the last. It stops at the first error of w.
func (d *Document) WriteTo(w io.Writer) (int64, error) {
	out := writer{src: d.src, index: &d.index, w: w, buf: make([]byte, 0, min(d.size, bufferSize))}
	out.document(d)
	out.flush()
	return out.written, out.err
}
