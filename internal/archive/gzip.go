package archive

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

// gzipMagic begins each part of a gzip file (RFC 1952, section 2.3.1).
const gzipMagic = "\x1f\x8b"

// A gzipReader reads a gzip file part by part, so that what is behind the last part is
// not taken for the beginning of another one, which would be called truncated.
type gzipReader struct {
	*gzip.Reader
	in *bufio.Reader
}

func newGzipReader(r io.Reader) (*gzipReader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return &gzipReader{z, in}, nil
}

// Read implements io.Reader.
func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.Reader.Read(p)
		if errors.Is(err, io.EOF) {
			err = g.next()
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next begins the next part. Without one the error is io.EOF.
func (g *gzipReader) next() error {
	head, err := g.in.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case !strings.HasPrefix(gzipMagic, string(head)):
		return moreBehind()
	}
	if err := g.Reset(g.in); err != nil {
		return err
	}
	g.Multistream(false)
	return nil
}
