package timeline

import (
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"

	"github.com/stellaops/stella/internal/chain"
	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
)

// lineBegin is how the line of every event begins.
const lineBegin = `{"v":1,"seq":`

// NotOne is the fault for a file that holds no event.
func NotOne(path string) error {
	return fault.New(fault.TimelineMalformed, "%s is no timeline: it holds no whole event", input.Display(path)).
		WithHint("name a file that stella forensic timeline add wrote").With("path", path)
}

// refuseOther fails if path names a file that does not begin as a timeline does, and
// that no checkpoint says was one. So nothing is laid beside what is none, nor is it
// touched.
func refuseOther(path string) error {
	if _, err := os.Lstat(path + chain.CheckpointSuffix); err == nil {
		return nil // its writer holds it to that
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil // it is begun, or the writer says that it cannot be
	}
	f, err := os.Open(path)
	if err != nil {
		return Kind().WriteFault(path, err)
	}
	defer f.Close()
	begin, err := io.ReadAll(io.LimitReader(f, int64(len(lineBegin))))
	if err != nil {
		return Kind().WriteFault(path, err)
	}
	if !asChain().Begins(begin) {
		return NotOne(path)
	}
	return nil
}

// peek reads and checks the first of entries, and returns all of them. none says that
// there is not one. stop must be called.
func peek(entries iter.Seq2[Entry, error]) (all iter.Seq2[Entry, error], none bool, stop func(), err error) {
	next, stop := iter.Pull2(entries)
	first, err, ok := next()
	if err == nil && ok {
		_, err = first.check()
	}
	return func(yield func(Entry, error) bool) {
		for e, err := first, error(nil); ok && yield(e, err); {
			e, err, ok = next()
		}
	}, !ok, stop, err
}
