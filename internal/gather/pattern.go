package gather

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// isPattern reports whether a name that no file has is a pattern of path/filepath,
// as it comes from where no shell expands it.
func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// pattern yields what a pattern matches, in the order of the paths. Each match
// counts as named. Hidden files match only a pattern that has the dot, as in a
// shell.
func (w *walk) pattern(pattern string) bool {
	self := verify.Piece{Name: pattern, Named: true}
	if _, err := filepath.Match(pattern, ""); err != nil {
		return w.failed(self, fault.New(fault.UsageInvalid, "%s is not a well-formed pattern", input.Display(pattern)).
			WithHint("write \\[ for a bracket in a name"))
	}
	m := &matching{walk: w}
	root := ""
	rest := pattern
	if filepath.IsAbs(pattern) {
		root = filepath.VolumeName(pattern) + string(filepath.Separator)
		rest = strings.TrimPrefix(pattern, root)
	}
	if !m.steps(root, strings.Split(filepath.ToSlash(rest), "/")) {
		return false
	}
	if m.matches == 0 {
		return w.failed(self, fault.New(fault.InputNotFound, "no file matches %s", input.Display(pattern)).With("path", pattern))
	}
	return true
}

// matching is one pattern on its way.
type matching struct {
	*walk
	matches int
}

// steps walks on from dir by the steps of the pattern that are left.
func (m *matching) steps(dir string, steps []string) bool {
	step, rest := steps[0], steps[1:]
	if step == "" || !isPattern(step) {
		return m.take(dir, step, rest)
	}
	for e, err := range entriesOf(dirOrHere(dir)) {
		if err != nil {
			return len(rest) > 0 || m.failed(verify.Piece{Name: dirOrHere(dir)}, err)
		}
		hidden := strings.HasPrefix(e.name, ".") && !strings.HasPrefix(step, ".")
		if ok, _ := filepath.Match(step, e.name); !ok || hidden {
			continue
		}
		if !m.take(dir, e.name, rest) {
			return false
		}
	}
	return true
}

// take goes on with an entry of dir.
func (m *matching) take(dir, name string, rest []string) bool {
	path := dir + name
	switch _, err := os.Stat(dirOrHere(path)); {
	case len(rest) > 0 && err != nil:
		return true // nothing there
	case len(rest) > 0:
		return m.steps(path+string(filepath.Separator), rest)
	case err != nil:
		if _, err := os.Lstat(path); err != nil {
			return true
		}
	}
	m.matches++
	return m.named(dirOrHere(path))
}

func dirOrHere(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}
