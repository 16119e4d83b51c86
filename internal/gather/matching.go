package gather

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// matching is one pattern on its way. Each directory is read once, however many steps of
// the pattern its entries may stand for: nothing matches twice, and two anyDepth cost no
// more than one.
type matching struct {
	*walk
	steps []string
	found int
}

// below goes on in a directory, whose path dir has its slash, by the steps that are left.
// depth is how many directories are open already.
func (m *matching) below(dir string, left []int, depth int) bool {
	if only := m.steps[left[0]]; len(left) == 1 && !isPattern(only) {
		return m.take(dir+only, m.from(left[0]+1), depth)
	}
	self := verify.Piece{Name: dirOrHere(dir)}
	if depth > maxDepth {
		return m.failed(self, fault.New(fault.InputTooLarge, "directories are more than %d deep", maxDepth).
			WithHint("name the deeper directory itself"))
	}
	for e, err := range entriesOf(self.Name) {
		switch {
		case m.ctx.Err() != nil:
			return false // much may be passed by before something is yielded
		case err != nil:
			return m.failed(self, err)
		}
		if !m.entry(dir, left, e, depth) {
			return false
		}
	}
	return true
}

// entry goes on with an entry of dir.
func (m *matching) entry(dir string, left []int, e entry, depth int) bool {
	path := dir + e.name
	if next := m.next(left, e); len(next) > 0 {
		return m.take(path, next, depth+1)
	}
	deep := slices.ContainsFunc(left, func(i int) bool { return m.steps[i] == anyDepth })
	if e.kind != kindLink || !deep || hidden(e.name) {
		return true
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return true
	}
	return m.failed(verify.Piece{Name: path}, &verify.Ignored{Reason: fault.InputNotRegular, Message: "a symbolic link to a directory, which ** does not follow"})
}

// take goes on with what the pattern leads to, if it is there. A directory that matches
// gives all that is in it, so that the pattern is at its end there.
func (m *matching) take(path string, left []int, depth int) bool {
	info, err := os.Stat(dirOrHere(path))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return m.failed(verify.Piece{Name: path}, fault.New(fault.InputUnreadable, "%s cannot be looked at: permission denied", input.Display(path)).With("path", path))
	case err != nil && !(m.end(left, false) && exists(path)):
		return true // nothing there, or a link that leads nowhere
	case err != nil, m.end(left, info.IsDir()):
		m.found++
		return m.named(dirOrHere(path))
	case info.IsDir():
		return m.below(path+string(filepath.Separator), left, depth)
	}
	return true // a file where the pattern has a directory
}
