package main

import (
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/fault"
)

// verdict is what stella forensic verify --format json prints: a verdict, or why there is
// none.
type verdict struct {
	Status  string   `json:"status"`
	Exit    int      `json:"exit"`
	Results []result `json:"results"`
	Error   *struct {
		Code   int          `json:"code"`
		Reason fault.Reason `json:"reason"`
	} `json:"error"`
}

// result is the verdict over one part of a snapshot.
type result struct {
	Member string  `json:"member"`
	Line   int     `json:"line"`
	Checks []check `json:"checks"`
}

type check struct {
	Status string       `json:"status"`
	Reason fault.Reason `json:"reason"`
}

// findings are what a verdict finds, each once.
func (v *verdict) findings() []finding {
	if v.Error != nil {
		return []finding{{v.Error.Reason, whole}}
	}
	var out []finding
	for _, r := range v.Results {
		place := r.Member
		if r.Line > 0 {
			place = fmt.Sprintf("%s:%d", place, r.Line)
		}
		for _, c := range r.Checks {
			if f := (finding{c.Reason, place}); c.Status == "failed" && !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// exit is the exit status that the verdict says.
func (v *verdict) exit() int {
	if v.Error != nil {
		return v.Error.Code
	}
	return v.Exit
}

// judge holds the verdicts in a directory to what they should be.
func judge(dir string, stdout io.Writer) error {
	var wrong []error
	all := append(tamperings(), untouched())
	for _, t := range all {
		v, status, err := readVerdict(filepath.Join(dir, t.name))
		if err == nil {
			err = t.check(v, status)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", t.name, err))
			continue
		}
		said := t.status()
		if len(t.says) > 0 {
			said = t.says[0].String()
		}
		if _, err := fmt.Fprintf(stdout, "%s → %s\n", t.name, said); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(stdout, "%d of %d tamperings found, each named at its place\n", len(all)-1-len(wrong), len(all)-1)
	return errors.Join(append(wrong, err)...)
}

// readVerdict reads path.json and path.status.
func readVerdict(path string) (*verdict, int, error) {
	text, err := os.ReadFile(path + ".json")
	if err != nil {
		return nil, 0, err
	}
	v := &verdict{}
	if err := json.Unmarshal(text, v); err != nil {
		return nil, 0, fmt.Errorf("%s.json: %w", path, err)
	}
	text, err = os.ReadFile(path + ".status")
	if err != nil {
		return nil, 0, err
	}
	status, err := strconv.Atoi(strings.TrimSpace(string(text)))
	return v, status, err
}

// status is what a verdict, if there is one, calls the snapshot.
func (t tampering) status() string {
	if len(t.says) == 0 {
		return "verified"
	}
	return "failed"
}

// check holds a verdict to what it should be: this, and nothing else.
func (t tampering) check(v *verdict, exit int) error {
	if exit != t.exit || v.exit() != t.exit {
		return fmt.Errorf("the exit status is %d, and %d in the verdict: want %d", exit, v.exit(), t.exit)
	}
	if want := t.status(); v.Error == nil && v.Status != want {
		return fmt.Errorf("it is said to be %q: want %q", v.Status, want)
	}
	found := v.findings()
	for _, f := range t.says {
		if !slices.Contains(found, f) {
			return fmt.Errorf("not found: %s, but %v", f, found)
		}
	}
	for _, f := range found {
		if !slices.Contains(t.says, f) {
			return fmt.Errorf("said besides: %s", f)
		}
	}
	return nil
}
