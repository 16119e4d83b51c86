package canonical

import (
	"fmt"
	"io"

	"github.com/stellaops/stella/internal/fault"
)

// windowSize is how much of a text Scan sees at a time, in bytes. A name or a
// number stands whole in it, so it is larger than MaxToken.
const windowSize = 256 << 10

// A window shows a moving part of what r holds.
type window struct {
	r    io.Reader
	max  int64 // size of the whole text, in bytes
	room []byte
	buf  []byte // the part of room that holds text
	base int64  // how many bytes were before buf
	end  bool   // nothing follows buf
	err  error  // why nothing follows, if it is not the end of the text

	captured  []byte
	capturing bool
	from      int // what is in buf from here on is not captured yet
	limit     int // of what is captured, in bytes
}

// more moves the window so that the byte at i is its first, and reads what
// follows. It returns the new index of that byte, and false if nothing follows.
func (w *window) more(i int) (int, bool) {
	if w.end {
		return i, false
	}
	w.keep(i)
	w.base += int64(i)
	rest := copy(w.room, w.buf[i:])
	n, err := io.ReadFull(w.r, w.room[rest:])
	w.buf = w.room[:rest+n]
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		w.end = true
	case err != nil:
		w.end, w.err = true, err
	}
	if w.base+int64(len(w.buf)) > w.max && w.err == nil {
		f := failure{reason: fault.InputTooLarge, offset: w.max, message: tooLarge(w.max)}
		w.end, w.err = true, f.err()
	}
	return 0, n > 0
}

// capture starts to keep what is read from index i on, up to limit bytes.
func (w *window) capture(i, limit int) {
	w.capturing, w.captured, w.from, w.limit = true, nil, i, limit
}

// keep captures what is before index i and about to leave the window.
func (w *window) keep(i int) {
	if !w.capturing {
		return
	}
	if len(w.captured)+i-w.from <= w.limit {
		w.captured = append(w.captured, w.buf[w.from:i]...)
	} else {
		w.limit = -1 // too much, which release reports
	}
	w.from = 0
}

// release ends capturing at index i and returns what was captured, and false
// if that was more than the limit. Of a text that is in memory as a whole it is a part.
func (w *window) release(i int) ([]byte, bool) {
	if w.r == nil {
		w.capturing = false
		return w.buf[w.from:i:i], i-w.from <= w.limit
	}
	w.keep(i)
	w.capturing = false
	return w.captured, w.limit >= 0
}

func tooLarge(limit int64) string {
	return fmt.Sprintf("text is larger than the limit of %d bytes", limit)
}
