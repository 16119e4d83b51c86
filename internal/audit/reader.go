package audit

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/filelock"
)

// Reader reads a log as it was when it was opened, its older segments first. It
// changes nothing and keeps no writer waiting.
type Reader struct {
	path  string
	parts []part
}

type part struct {
	file *os.File
	size int64
}

// line is one line of a log. Without its line feed it has no end.
type line struct {
	text []byte // valid until the next one is read
	long bool   // it is over MaxLine, and text is its beginning
}

// OpenReader opens the log at path for reading. A log that does not exist is
// fault.InputNotFound. The caller closes it.
func OpenReader(path string) (*Reader, error) {
	r := &Reader{path: path}
	// The lock only serves to see no half of a group, and no log between two
	// names. Who may not lock reads all the same.
	if lock, err := filelock.Share(context.Background(), path+chain.LockSuffix, patience); err == nil {
		defer func() { _ = lock.Release() }() // nothing was written
	}
	segments, err := older(path)
	if err != nil {
		return nil, readFault(path, err)
	}
	for _, name := range append(segments, path) {
		err := r.add(name)
		if name == path && len(segments) > 0 && errors.Is(err, fs.ErrNotExist) {
			continue // the process that put the last segment aside was interrupted
		}
		if err != nil {
			r.Close()
			return nil, readFault(name, err)
		}
	}
	return r, nil
}

func (r *Reader) add(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	r.parts = append(r.parts, part{file: f})
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil {
		r.parts[len(r.parts)-1].size = info.Size()
	}
	return err
}

func readFault(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.InputNotFound, "there is no audit log %q", path).With("path", path)
	}
	return fault.Wrap(fault.InputUnreadable, err, "audit log %q cannot be read", path).With("path", path)
}

// Segments returns the number of files that the log is in.
func (r *Reader) Segments() int { return len(r.parts) }

// Close closes the log.
func (r *Reader) Close() {
	for _, p := range r.parts {
		_ = p.file.Close() // only read
	}
}

// lines returns the lines of all segments. A failure to read ends them with an
// error.
func (r *Reader) lines() iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		for _, p := range r.parts {
			if !p.lines(r.path, yield) {
				return
			}
		}
	}
}

func (p part) lines(path string, yield func(line, error) bool) bool {
	br := bufio.NewReaderSize(io.NewSectionReader(p.file, 0, p.size), MaxLine)
	for {
		text, err := br.ReadSlice('\n')
		switch {
		case err == nil:
		case errors.Is(err, bufio.ErrBufferFull):
			if !yield(line{text, true}, nil) || !skipLine(br) {
				return false
			}
			continue
		case errors.Is(err, io.EOF) && len(text) == 0:
			return true
		case errors.Is(err, io.EOF):
			return yield(line{text: text}, nil)
		default:
			yield(line{}, readFault(path, err))
			return false
		}
		if !yield(line{text: text}, nil) {
			return false
		}
	}
}

// skipLine reads on to the end of a line; what goes wrong shows at the next one.
func skipLine(br *bufio.Reader) bool {
	for {
		if _, err := br.ReadSlice('\n'); !errors.Is(err, bufio.ErrBufferFull) {
			return true
		}
	}
}

// Records returns the records whose lines are well-formed, each with its line.
// Whether they are what was once written, Verify says. A failure to read ends
// them with an error.
func (r *Reader) Records() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for l, err := range r.lines() {
			if err != nil {
				yield(nil, err)
				return
			}
			record, err := parseRecord(l.text)
			if l.long || err != nil {
				continue
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}
