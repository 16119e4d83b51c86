package gather

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/pkg/verify"
)

// anyDepth is the step of a pattern that stands for any number of directories, none too.
const anyDepth = "**"

// isPattern reports whether a name that no file has is a pattern of path/filepath,
// as it comes from where no shell expands it.
func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

// pattern yields what a pattern matches, in the order of the paths. Each match
// counts as named, and a directory is gone through as one that is named itself.
// Hidden files match only a step that has the dot, as in a shell.
func (w *walk) pattern(pattern string) bool {
	self := verify.Piece{Name: pattern, Named: true}
	root, rest := "", pattern
	if filepath.IsAbs(pattern) {
		root = filepath.VolumeName(pattern) + string(filepath.Separator)
		rest = strings.TrimPrefix(pattern, root)
	}
	steps, err := stepsOf(pattern, rest)
	if err != nil {
		return w.failed(self, err)
	}
	m := &matching{walk: w, steps: steps}
	if !m.below(root, m.from(0), 0) {
		return false
	}
	if m.found == 0 {
		return w.failed(self, fault.New(fault.InputNotFound, "no file matches %s", input.Display(pattern)).With("path", pattern))
	}
	return true
}

// stepsOf splits a pattern into what stands for one part of a path each. The last one is
// empty if only a directory matches; no other is.
func stepsOf(pattern, rest string) ([]string, error) {
	var steps []string
	deep := false
	for _, step := range strings.Split(filepath.ToSlash(rest), "/") {
		_, err := filepath.Match(step, "")
		switch {
		case err != nil:
			return nil, fault.New(fault.UsageInvalid, "%s is not a well-formed pattern", input.Display(pattern)).
				WithHint("write \\[ for a bracket in a name")
		case step == "", deep && (step == "." || step == anyDepth && steps[len(steps)-1] == anyDepth):
			continue // where it is already
		case step == anyDepth:
			deep = true
		case hasAnyDepth(step):
			return nil, fault.New(fault.UsageInvalid, "%s is no pattern: ** stands for directories only where it stands alone between slashes", input.Display(pattern)).
				WithHint("write DIR/**/*.json for all depths, or one * within a name")
		case deep && step == "..":
			return nil, fault.New(fault.UsageInvalid, "%s is no pattern: .. does not go behind **", input.Display(pattern)).
				WithHint("name the directory itself")
		}
		steps = append(steps, step)
	}
	switch last := len(steps) - 1; {
	case last >= 0 && steps[last] == anyDepth: // any number of directories, each of which is in the first
		steps[last] = ""
	case strings.HasSuffix(filepath.ToSlash(rest), "/"):
		steps = append(steps, "")
	}
	return steps, nil
}

// hasAnyDepth reports whether a step has two stars next to each other, neither escaped nor
// in brackets.
func hasAnyDepth(step string) bool {
	inBrackets := false
	for i := 0; i < len(step); i++ {
		switch c := step[i]; {
		case c == '\\' && runtime.GOOS != "windows":
			i++
		case inBrackets:
			inBrackets = c != ']'
		case c == '[':
			inBrackets = true
		case strings.HasPrefix(step[i:], anyDepth):
			return true
		}
	}
	return false
}

// matches reports whether an entry of a directory is what a step stands for, other than
// anyDepth.
func matches(step, name string) bool {
	switch {
	case !isPattern(step):
		return step == name
	case hidden(name) && !hidden(step):
		return false
	}
	ok, _ := filepath.Match(step, name)
	return ok
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

// from returns the steps that an entry is held to behind those before step i: with
// anyDepth, also what comes after it.
func (m *matching) from(i int) []int {
	if i < len(m.steps) && m.steps[i] == anyDepth {
		return []int{i, i + 1}
	}
	return []int{i}
}

// next returns the steps that are left behind an entry; at are those that were left
// before it.
func (m *matching) next(at []int, e entry) []int {
	var left []int
	for _, i := range at {
		switch {
		case m.steps[i] == anyDepth:
			if e.kind == kindDirectory && !hidden(e.name) {
				left = append(left, m.from(i)...)
			}
		case matches(m.steps[i], e.name):
			left = append(left, m.from(i+1)...)
		}
	}
	slices.Sort(left)
	return slices.Compact(left)
}

// end reports whether the pattern may end with what has these steps left.
func (m *matching) end(left []int, isDir bool) bool {
	last := len(m.steps) - 1
	return slices.Contains(left, last+1) || isDir && m.steps[last] == "" && slices.Contains(left, last)
}

// dirOrHere is how a directory is opened whose path so far is dir.
func dirOrHere(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// exists reports whether there is something, if only a link that leads nowhere.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
