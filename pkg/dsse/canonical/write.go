package canonical

import (
	"bytes"
	"io"

	"github.com/stellaops/stella/internal/jsonlex"
)

// Sizes of what is written at a time, in bytes: a buffer that stays in the
// processor's cache while the receiver hashes it, and the most that goes to
// the receiver straight from the source, so that it can stop in between.
const (
	bufferSize = 128 << 10
	directSize = 1 << 20
)

// A writer writes canonical text. Without w everything stays in buf, which
// then has room for it.
type writer struct {
	src     []byte
	index   *store
	w       io.Writer
	buf     []byte
	written int64
	err     error
}

func (w *writer) document(d *Document) {
	switch {
	case d.root != 0:
		w.list(d.root)
	case d.loose:
		w.rewrite(d.start, d.end)
	default:
		w.bytes(d.src[d.start:d.end])
	}
}

// list writes an object or an array from its records.
func (w *writer) list(list record) {
	open, end := byte('{'), byte('}')
	if list.kind() == kindArray {
		open, end = '[', ']'
	}
	w.byte(open)
	after := list.a() + list.b()
	for i := list.a(); i < after && w.err == nil; i++ {
		if i > list.a() {
			w.byte(',')
		}
		r := w.index.at(i)
		if r.kind() == kindName {
			w.rewrite(r.a(), r.a()+r.b())
			w.byte(':')
			i++
			r = w.index.at(i)
		}
		w.record(r)
	}
	w.byte(end)
}

func (w *writer) record(r record) {
	switch r.kind() {
	case kindVerbatim:
		w.bytes(w.src[r.a() : r.a()+r.b()])
	case kindPair:
		name, gap, value := r.pair()
		i := r.a()
		w.bytes(w.src[i : i+name+1]) // the colon follows the name
		i += name + gap
		w.bytes(w.src[i : i+value])
	case kindRewrite:
		w.rewrite(r.a(), r.a()+r.b())
	default:
		w.list(r)
	}
}

// rewrite writes src[i:end], whole tokens in canonical order, without white
// space and with every token in canonical form.
func (w *writer) rewrite(i, end int) {
	text := w.src[:end]
	start := i // of what is canonical as it stands, and not written yet
	for i < end && w.err == nil {
		switch c := text[i]; c {
		case ' ', '\n', '\t', '\r':
			w.bytes(text[start:i])
			i = jsonlex.SpaceEnd(text, i)
			start = i
		case '"':
			next, escaped := stringEnd(text, i)
			if escaped {
				w.bytes(text[start:i])
				w.str(text[i:next])
				start = next
			}
			i = next
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			next, form := scanNumber(text, i)
			if form != numberCanonical {
				w.bytes(text[start:i])
				w.number(text[i:next])
				start = next
			}
			i = next
		default:
			i++
		}
	}
	w.bytes(text[start:end])
}

// stringEnd returns the index after the checked string at b[i], and whether it
// has escapes.
func stringEnd(b []byte, i int) (end int, escaped bool) {
	for i = jsonlex.PlainEnd(b, i+1); b[i] != '"'; i = jsonlex.PlainEnd(b, i) {
		if b[i] == '\\' {
			escaped = true
			i++ // an escaped quote does not end it
		}
		i++
	}
	return i + 1, escaped
}

// number writes the canonical form of a number.
func (w *writer) number(text []byte) {
	var buf [32]byte
	written, _ := appendNumber(buf[:0], text)
	w.bytes(written)
}

// str writes the canonical form of a string. Long strings pass through the
// buffer piece by piece.
func (w *writer) str(text []byte) {
	for len(text) > 0 {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			w.bytes(text)
			return
		}
		w.bytes(text[:i])
		r, size, _ := readEscape(text[i:])
		var buf [6]byte
		w.bytes(appendChar(buf[:0], r))
		text = text[i+size:]
	}
}

func (w *writer) byte(c byte) {
	if len(w.buf) == cap(w.buf) {
		w.flush()
	}
	w.buf = append(w.buf, c)
}

func (w *writer) bytes(b []byte) {
	if len(b) > cap(w.buf)-len(w.buf) {
		b = w.spill(b)
	}
	w.buf = append(w.buf, b...)
}

// spill fills and flushes the buffer, writes from b directly what is larger
// than it, and returns the rest, which fits.
func (w *writer) spill(b []byte) []byte {
	n := copy(w.buf[len(w.buf):cap(w.buf)], b)
	w.buf = w.buf[:len(w.buf)+n]
	b = b[n:]
	w.flush()
	for len(b) > cap(w.buf) {
		n := min(len(b), directSize)
		w.send(b[:n])
		b = b[n:]
	}
	return b
}

func (w *writer) flush() {
	w.send(w.buf)
	w.buf = w.buf[:0]
}

func (w *writer) send(b []byte) {
	if w.err != nil || len(b) == 0 {
		return
	}
	n, err := w.w.Write(b)
	w.written += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	w.err = err
}
