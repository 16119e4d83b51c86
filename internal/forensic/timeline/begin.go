package timeline

import (
	"iter"

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

// refuseOther fails if path names a file that is something else: nothing is laid beside
// it, nor is it touched.
func refuseOther(path string) error {
	switch other, err := asChain().IsOther(path); {
	case err != nil:
		return Kind().WriteFault(path, err)
	case other:
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
