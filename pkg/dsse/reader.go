package dsse

import (
	"bytes"
	"io"
)

// readAtOnce is the size, in bytes, up to which a payload is read at once and not
// through a pipe between two goroutines.
const readAtOnce = 64 << 10

// NewReader returns the payload of m as a stream. A failure of m, such as
// content that changed since it was verified, comes out in place of io.EOF, so
// a caller that reads to the end has all of it or an error. Close it.
func NewReader(m Message) io.ReadCloser {
	if m.Size() <= readAtOnce {
		return readWhole(m)
	}
	r, w := io.Pipe()
	go func() {
		_, err := m.WriteTo(w)
		w.CloseWithError(err)
	}()
	return r
}

func readWhole(m Message) io.ReadCloser {
	if own, ok := m.(*message); ok {
		if h, ok := own.Content.(*held); ok {
			return newWholeReader(h.Bytes)
		}
	}
	buf := bytes.NewBuffer(make([]byte, 0, m.Size()))
	if _, err := m.WriteTo(buf); err != nil {
		return io.NopCloser(io.MultiReader(buf, failedReader{err}))
	}
	return newWholeReader(buf.Bytes())
}

// wholeReader also gives all there is at once.
type wholeReader struct {
	bytes.Reader
	held []byte
}

func newWholeReader(b []byte) *wholeReader {
	r := &wholeReader{held: b}
	r.Reset(b)
	return r
}

// Held returns all of the payload. The caller must not change it.
func (r *wholeReader) Held() []byte { return r.held }

// Close implements io.Closer.
func (*wholeReader) Close() error { return nil }

// failedReader gives nothing but an error.
type failedReader struct{ err error }

// Read implements io.Reader.
func (f failedReader) Read([]byte) (int, error) { return 0, f.err }
