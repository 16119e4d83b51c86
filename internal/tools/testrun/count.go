package main

import (
	"bufio"
	"encoding/json/v2"
	"fmt"
	"io"
	"strings"
)

// event is one line of "go test -json" (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// key names the event's test among those of all packages.
func (e event) key() string { return e.Package + " " + e.Test }

// tally counts leaf tests by how they ended.
type tally struct{ passed, failed, skipped int }

// maxLine bounds one line of go test's output, in bytes.
const maxLine = 16 << 20

// watcher follows the events of one run.
type watcher struct {
	out     io.Writer
	verbose bool                // print what passing tests say too
	ended   map[string]string   // test to pass, fail or skip
	parents map[string]bool     // tests that have subtests
	said    map[string][]string // output of tests that have not ended
}

// count reads the events of a run and returns how many tests ended in which
// way. To out goes what go test prints of itself and what failed and skipped
// tests say; with verbose, what passing ones say too.
func count(events io.Reader, out io.Writer, verbose bool) (tally, error) {
	w := watcher{out, verbose, make(map[string]string), make(map[string]bool), make(map[string][]string)}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			// What the go command says itself is not an event.
			fmt.Fprintln(out, lines.Text())
			continue
		}
		w.see(e)
	}
	return w.leaves(), lines.Err()
}

func (w *watcher) see(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(w.out, e.Output)
	case "output":
		w.hear(e)
	case "run":
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			w.parents[event{Package: e.Package, Test: e.Test[:i]}.key()] = true
		}
	case "pass", "fail", "skip":
		w.end(e)
	}
}

// hear keeps what a test says until it is known how it ended. What a package
// says is printed at once, its bare verdict excepted: "ok" repeats it.
func (w *watcher) hear(e event) {
	switch {
	case w.verbose, e.Test == "" && e.Output != "PASS\n":
		fmt.Fprint(w.out, e.Output)
	case e.Test != "" && !strings.HasPrefix(e.Output, "=== "): // progress
		w.said[e.key()] = append(w.said[e.key()], e.Output)
	}
}

func (w *watcher) end(e event) {
	if e.Test != "" {
		w.ended[e.key()] = e.Action
		if e.Action != "pass" {
			w.print(e.key())
		}
		delete(w.said, e.key())
		return
	}
	for key := range w.said { // the package ended and these tests did not: a panic
		if strings.HasPrefix(key, e.Package+" ") {
			w.print(key)
			delete(w.said, key)
		}
	}
}

func (w *watcher) print(key string) {
	fmt.Fprint(w.out, strings.Join(w.said[key], ""))
}

// leaves counts the tests that have no subtests. A skipped parent counts too,
// since nobody knows what it would have run, and so does a failed one whose
// subtests did not fail.
func (w *watcher) leaves() tally {
	var t tally
	for name, action := range w.ended {
		switch {
		case action == "skip":
			t.skipped++
		case action == "fail" && !w.failedBelow(name):
			t.failed++
		case action == "pass" && !w.parents[name]:
			t.passed++
		}
	}
	return t
}

func (w *watcher) failedBelow(name string) bool {
	for other, action := range w.ended {
		if action == "fail" && strings.HasPrefix(other, name+"/") {
			return true
		}
	}
	return false
}
