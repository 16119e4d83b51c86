package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// longString is the length, in bytes as written, from which a string is left
// in the source instead of being handed to the decoder. It is above every
// field of an envelope or a bundle that is not a payload.
const longString = 1 << 20

// chunkSize bounds how much of the source is read at once, in bytes.
const chunkSize = 128 << 10

// ErrOverhead says that a document has too much beside its long strings.
var ErrOverhead = errors.New("document has too much content outside of its payload")

// elided is a long string that was replaced by "" on its way to the decoder.
type elided struct {
	start, end int64 // of its content in the source, without the quotes
	escaped    bool
	outEnd     int64 // offset after its closing quote in what the decoder sees
	claimed    bool  // somebody asked for it
}

// elider is an io.Reader over a JSON text that replaces the content of every
// long string by nothing and remembers where it stands. It understands just
// enough JSON to find strings; the decoder behind it judges the syntax.
type elider struct {
	src      io.Reader
	off      int64 // source offset of the next unread byte of buf
	buf      []byte
	chunk    []byte
	pending  []byte // bytes for the decoder
	held     []byte // content of the open string while it may still be short
	inString bool
	escape   bool // the last byte was an unfinished backslash
	long     bool // the open string is being elided
	current  elided
	out      int64 // bytes handed to pending so far
	limit    int64 // of out
	found    []elided
	err      error
}

// newElider returns the elider of a text of size bytes that begins at base.
func newElider(src io.Reader, base, size, limit int64) *elider {
	return &elider{src: src, off: base, chunk: make([]byte, max(1, min(size, chunkSize))), limit: limit}
}

func (e *elider) Read(p []byte) (int, error) {
	for len(e.pending) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		e.fill()
	}
	n := copy(p, e.pending)
	e.pending = e.pending[n:]
	return n, nil
}

// fill reads one chunk of the source and turns it into pending output.
func (e *elider) fill() {
	n, err := e.src.Read(e.chunk)
	e.buf = e.chunk[:n]
	e.pending = e.pending[:0]
	for len(e.buf) > 0 {
		if e.inString {
			e.insideString()
		} else {
			e.outsideString()
		}
	}
	if err != nil {
		e.flushHeld() // an unterminated string: the decoder will say so
		e.err = err
	}
	if e.out > e.limit {
		e.pending, e.err = nil, fmt.Errorf("%w: over %d bytes", ErrOverhead, e.limit)
	}
}

func (e *elider) take(n int) []byte {
	b := e.buf[:n]
	e.buf = e.buf[n:]
	e.off += int64(n)
	return b
}

func (e *elider) emit(b ...byte) {
	e.pending = append(e.pending, b...)
	e.out += int64(len(b))
}

func (e *elider) outsideString() {
	i := bytes.IndexByte(e.buf, '"')
	if i < 0 {
		e.emit(e.take(len(e.buf))...)
		return
	}
	e.emit(e.take(i + 1)...)
	e.inString, e.long = true, false
	e.current = elided{start: e.off}
}

// insideString consumes up to the end of the open string or of the chunk.
func (e *elider) insideString() {
	if e.escape {
		e.escape = false
		e.content(e.take(1))
		return
	}
	i := indexQuoteOrBackslash(e.buf)
	if i < 0 {
		e.content(e.take(len(e.buf)))
		return
	}
	e.content(e.take(i))
	if e.buf[0] == '\\' {
		e.escape, e.current.escaped = true, true
		e.content(e.take(1))
		return
	}
	e.closeString()
}

func (e *elider) content(b []byte) {
	if e.long {
		return
	}
	if len(e.held)+len(b) > longString {
		e.long, e.held = true, e.held[:0]
		return
	}
	e.held = append(e.held, b...)
}

func (e *elider) closeString() {
	e.current.end = e.off
	e.flushHeld()
	e.emit(e.take(1)...)
	e.inString = false
	if e.long {
		e.current.outEnd = e.out
		e.found = append(e.found, e.current)
	}
}

func (e *elider) flushHeld() {
	e.emit(e.held...)
	e.held = e.held[:0]
}

func indexQuoteOrBackslash(b []byte) int {
	q := bytes.IndexByte(b, '"')
	if q >= 0 {
		b = b[:q]
	}
	if s := bytes.IndexByte(b, '\\'); s >= 0 {
		return s
	}
	return q
}

// at returns the elided string whose stand-in ends at the decoder's offset.
func (e *elider) at(outEnd int64) (elided, bool) {
	if e == nil {
		return elided{}, false
	}
	for i := range e.found {
		if e.found[i].outEnd == outEnd {
			e.found[i].claimed = true
			return e.found[i], true
		}
	}
	return elided{}, false
}

// sourceOffset turns an offset in what the decoder sees into one in the source.
func (e *elider) sourceOffset(out int64) int64 {
	if e == nil {
		return out
	}
	for _, f := range e.found {
		if f.outEnd <= out {
			out += f.end - f.start
		}
	}
	return out
}
