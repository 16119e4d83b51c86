package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/bundle"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// MaxStatement bounds one statement, in bytes. All cores hold several in memory,
// some of them in more than one form.
const MaxStatement = 4 << 20

// Item is one statement of a batch.
type Item struct {
	Name string // the file's, "-" for standard input
	Line int    // from 1; 0 for a file of its own
	Text []byte
}

// Source gives the statements of a batch in order, and io.EOF after the last. The
// text of an item is appended to room, which is empty, or is the item's own; memory
// after its end is free for the next one.
type Source interface {
	Next(room []byte) (Item, error)
}

// in adds the line to an error about an item, which has the file's name already.
func (i Item) in(err error) error {
	if i.Line == 0 {
		return err
	}
	return fault.Wrap(fault.ReasonOf(err), err, "line %d", i.Line).With("line", fmt.Sprint(i.Line))
}

// Lines returns the statements in JSON lines, one in each line of r, which comes
// from the input called name.
func Lines(name string, r io.Reader) Source {
	return &lines{name: name, r: bufio.NewReaderSize(r, 256<<10)}
}

type lines struct {
	name string
	r    *bufio.Reader
	n    int
}

func (l *lines) Next(room []byte) (Item, error) {
	text, err := l.line(room)
	if err != nil {
		return Item{}, err
	}
	item := Item{Name: l.name, Line: l.n, Text: text}
	if len(text) > MaxStatement {
		return item, item.in(tooLarge(l.name))
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return item, item.in(fault.New(fault.InputEmpty, "%s: the line is empty", input.Display(l.name)))
	}
	return item, nil
}

// line appends a line without its end to text, and no more of it than is needed to
// refuse one that is too long.
func (l *lines) line(text []byte) ([]byte, error) {
	l.n++
	for {
		part, err := l.r.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(text) > 0:
			return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")), nil
		case errors.Is(err, bufio.ErrBufferFull) && len(text) <= MaxStatement:
		case errors.Is(err, bufio.ErrBufferFull):
			return text, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		default:
			return nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(l.name))
		}
	}
}

func tooLarge(name string) error {
	return fault.New(fault.InputTooLarge, "%s: a statement in a batch is at most %d bytes", input.Display(name), MaxStatement).
		WithHint("sign it alone, without --batch")
}

// Skipped is a file of a folder that is not signed.
type Skipped struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Folder returns the files of dir that are called *.json, in the order of their
// names, and which files it passes over.
func Folder(dir string) (paths []string, skipped []Skipped, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fault.Wrap(fault.InputUnreadable, err, "failed to read %s", input.Display(dir))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if why := passOver(path, e); why != "" {
			skipped = append(skipped, Skipped{path, why})
			continue
		}
		paths = append(paths, path)
	}
	return paths, skipped, nil
}

// passOver says why a file in a folder is no statement, or returns "".
func passOver(path string, e fs.DirEntry) string {
	for _, suffix := range bundle.Suffixes() {
		if strings.HasSuffix(e.Name(), suffix) {
			return "it is evidence by its name"
		}
	}
	info, err := os.Stat(path)
	switch {
	case strings.HasPrefix(e.Name(), "."):
		return "it is hidden"
	case !strings.HasSuffix(e.Name(), ".json"):
		return "its name does not end in .json"
	case err == nil && !info.Mode().IsRegular():
		return "it is not a regular file"
	}
	return ""
}

// Files returns the statements in files, one in each.
func Files(paths []string) Source { return &files{paths} }

type files struct{ paths []string }

func (f *files) Next([]byte) (Item, error) {
	if len(f.paths) == 0 {
		return Item{}, io.EOF
	}
	path := f.paths[0]
	f.paths = f.paths[1:]
	file, err := input.Open(path, nil, MaxStatement)
	if fault.ReasonOf(err) == fault.InputTooLarge {
		return Item{}, tooLarge(path)
	}
	if err != nil {
		return Item{}, err
	}
	defer file.Close()
	text, err := file.ReadAll()
	return Item{Name: path, Text: text}, err
}
