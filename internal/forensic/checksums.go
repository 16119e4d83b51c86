package forensic

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/stellaops/stella/internal/strictjson"
)

// rootPrefix begins the first line of checksums.txt; the original has no "# ".
const (
	rootPrefix    = "# root "
	oldRootPrefix = "root "
)

// maxChecksumLine bounds a line of checksums.txt, in bytes.
const maxChecksumLine = 64 + 2 + maxPath + 1

// appendChecksum appends the line of an entry, as sha256sum writes it.
func appendChecksum(b []byte, e *Entry) []byte {
	b = append(b, e.SHA256...)
	b = append(b, "  "...)
	b = append(b, e.Path...)
	return append(b, '\n')
}

// checksum is a line of checksums.txt.
type checksum struct {
	n    int    // from 1
	text []byte // with its line feed; valid until the next one
	root string // of the first line, in hex; "" for the others
	sum  string
	path string
	err  error // why it is none; of reading, if text is nil
}

// checksums yields the lines of checksums.txt, the root first.
func checksums(r io.Reader) iter.Seq[checksum] {
	return func(yield func(checksum) bool) {
		br := bufio.NewReaderSize(r, max(maxChecksumLine, 16<<10))
		for n := 1; ; n++ {
			text, err := br.ReadSlice('\n')
			switch {
			case errors.Is(err, io.EOF) && len(text) == 0:
				return
			case errors.Is(err, bufio.ErrBufferFull), len(text) > maxChecksumLine:
				yield(checksum{n: n, text: text, err: fmt.Errorf("it is over %d bytes", maxChecksumLine)})
				return
			case err != nil && !errors.Is(err, io.EOF):
				yield(checksum{n: n, err: err})
				return
			}
			if !yield(parseChecksum(n, text)) || err != nil {
				return
			}
		}
	}
}

func parseChecksum(n int, text []byte) checksum {
	c := checksum{n: n, text: text}
	line, whole := bytes.CutSuffix(text, []byte("\n"))
	if !whole {
		c.err = errors.New("it has no end")
		return c
	}
	if n == 1 {
		root, ok := bytes.CutPrefix(line, []byte(rootPrefix))
		if !ok {
			root, ok = bytes.CutPrefix(line, []byte(oldRootPrefix))
		}
		if c.root = string(root); !ok || !strictjson.IsSHA256(c.root) {
			c.root, c.err = "", errors.New(`it is not "# root " and a digest`)
		}
		return c
	}
	sum, path, ok := bytes.Cut(line, []byte("  "))
	c.sum, c.path = string(sum), string(path)
	if !ok || !strictjson.IsSHA256(c.sum) {
		c.err = errors.New("it is not a digest, two spaces and a path")
	} else if err := checkPath(c.path); err != nil {
		c.err = fmt.Errorf("its path is not canonical: %w", err)
	}
	return c
}
