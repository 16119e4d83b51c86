package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json/jsontext"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/stellaops/stella/pkg/verify"
)

// maxPasses is how many checks without a failure SARIF lists, and not of how many
// payloads. GitHub shows 5,000 results of a file and refuses more than 25,000;
// failures are listed all the same.
const maxPasses = 5000

// NewSARIF returns a Writer of SARIF 2.1.0: one run, in which each check is a
// result. Its rule is the reason for a failure, else the check. Only failures have
// a level; the others tell what was looked at by their kind: pass, notApplicable
// (not demanded) or open (not run).
func NewSARIF(ctx context.Context, w io.Writer, o Options) Writer {
	const depth = 3 // of runs[0].results
	return &sarif{o: o, results: newList(ctx, w, depth, o.ASCII), rules: make(map[string]int)}
}

type sarif struct {
	o       Options
	results *list

	rules   map[string]int // index in driver
	driver  []sarifRule
	passes  int
	ignored []sarifNote
	left    int // of what was ignored, beyond the bound
	omitted int
	failed  bool
}

var _ Writer = (*sarif)(nil)

// Result implements Writer.
func (s *sarif) Result(r *verify.Result) error {
	for _, c := range r.Checks {
		if c.Status != verify.Failed && !s.takesPass() {
			continue
		}
		if err := s.results.add(s.finding(r.Evidence, c)); err != nil {
			return err
		}
	}
	return nil
}

// Ignored implements Writer.
func (s *sarif) Ignored(i *verify.Ignored) error {
	if len(s.ignored) == maxPageList {
		s.left++
		return nil
	}
	s.ignored = append(s.ignored, sarifNote{
		Level: "note", Message: sarifText("ignored: " + i.Message), Locations: []sarifLocation{sarifPlace(i.Source, i.Member, i.Line, i.Part)},
	})
	return nil
}

// takesPass reports whether there is room for a check that did not fail.
func (s *sarif) takesPass() bool {
	switch {
	case s.o.ProblemsOnly:
		return false
	case s.passes == maxPasses:
		s.omitted++
		return false
	}
	s.passes++
	return true
}

// finding is one check over what some evidence holds.
func (s *sarif) finding(evidence []verify.Source, c verify.Check) sarifResult {
	rule, level, kind := "check."+c.Name, "none", map[verify.Status]string{
		verify.Passed: "pass", verify.NotDemanded: "notApplicable", verify.NotRun: "open",
	}[c.Status]
	if c.Status == verify.Failed {
		s.failed = true
		rule, level, kind = string(c.Reason), "error", "fail"
	}
	result := sarifResult{
		RuleID: rule, RuleIndex: s.rule(rule, c), Kind: kind, Level: level,
		Message:      sarifText(c.Name + ": " + StatusWord(c.Status) + withColon(c.Message)),
		Fingerprints: fingerprints(evidence, c),
		Properties:   sarifCheck{c.Name, c.Status, c.Reason, c.Message, c.Hint},
	}
	for _, e := range evidence {
		result.Locations = append(result.Locations, sarifPlace(e.File, e.Member, e.Line, e.Part))
	}
	if len(result.Locations) > 1 { // a result is in one place, and related to others
		result.Locations, result.Related = result.Locations[:1], result.Locations[1:]
	}
	return result
}

// rule returns the index of a rule, which is described when it is first met.
func (s *sarif) rule(id string, c verify.Check) int {
	if i, known := s.rules[id]; known {
		return i
	}
	rule := sarifRule{ID: id, Short: sarifText("the check " + c.Name), Configuration: sarifLevel{"none"}}
	help := "What it asks: " + checkMeaning(c.Name)
	if checkMeaning(c.Name) == "" {
		help = "One of the checks that stella verify makes."
	}
	if c.Status == verify.Failed {
		exit := c.Reason.Exit()
		rule.Short, rule.Configuration = sarifText(reasonMeaning(c.Reason)), sarifLevel{"error"}
		help = fmt.Sprintf("%s. Do not rely on this evidence. stella verify ends with status %d: %s.", reasonMeaning(c.Reason), exit, exitMeaning(exit))
	}
	rule.Help = sarifText(help)
	s.driver = append(s.driver, rule)
	s.rules[id] = len(s.driver) - 1
	return s.rules[id]
}

// Close implements Writer.
func (s *sarif) Close(whole *verify.Report) error {
	if err := closeWith(s, whole); err != nil {
		return err
	}
	if !whole.Verified && !s.failed { // no reader may take silence for success
		sources := []verify.Source{}
		for _, name := range s.o.Inputs[:min(1, len(s.o.Inputs))] {
			sources = append(sources, verify.Source{File: name})
		}
		c := verify.Check{Name: "verdict", Status: verify.Failed, Reason: whole.Reason, Message: reasonMeaning(whole.Reason)}
		if err := s.results.add(s.finding(sources, c)); err != nil {
			return err
		}
	}
	bare := *whole
	bare.Results = nil
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "stella", Version: s.o.Version, Rules: slices.Concat([]sarifRule{}, s.driver)}},
		Invocations: []sarifInvocation{s.invocation(whole)},
		ColumnKind:  "unicodeCodePoints",
		Results:     []sarifResult{},
		Properties:  sarifVerdict{summary{Report: &bare}},
	}
	text, err := encode(sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0", Runs: []sarifRun{run},
	}, s.o.ASCII, jsontext.WithIndent(indent))
	if err != nil {
		return err
	}
	if text, err = s.results.writeInto(text, "results"); err != nil {
		return err
	}
	_, err = io.WriteString(s.results.w, text+"\n")
	return err
}

// invocation says how the command ended, and what the results do not say.
func (s *sarif) invocation(whole *verify.Report) sarifInvocation {
	var notes []sarifNote
	for _, words := range Reservations(whole.Compared, len(whole.AssumedRevocations) > 0) {
		notes = append(notes, sarifNote{Level: "note", Message: sarifText(words)})
	}
	for _, words := range whole.Loosened {
		notes = append(notes, sarifNote{Level: "warning", Message: sarifText("loosened: " + words)})
	}
	if s.omitted > 0 {
		notes = append(notes, sarifNote{Level: "note", Message: sarifText(fmt.Sprintf(
			"%d checks that did not fail are not listed: the first %d are", s.omitted, maxPasses))})
	}
	if s.left > 0 {
		notes = append(notes, sarifNote{Level: "note", Message: sarifText(fmt.Sprintf("%d further parts of the inputs were ignored", s.left))})
	}
	notes = append(notes, s.ignored...)
	return sarifInvocation{
		Successful: true, ExitCode: whole.Exit, Description: exitMeaning(whole.Exit),
		Notifications: slices.Concat([]sarifNote{}, notes),
	}
}

// Abort implements Writer.
func (s *sarif) Abort() { s.results.abort() }

// fingerprints tell a consumer which finding of an earlier run this one is. GitHub
// looks at the first alone, and would otherwise compute it from the lines of the
// evidence.
func fingerprints(evidence []verify.Source, c verify.Check) map[string]string {
	h := sha256.New()
	for _, e := range evidence {
		fmt.Fprintf(h, "%q\n", filepath.ToSlash(e.Place()))
	}
	fmt.Fprintf(h, "%q %q\n", c.Name, c.Reason)
	sum := hex.EncodeToString(h.Sum(nil))[:32]
	return map[string]string{"primaryLocationLineHash": sum, "stella/v1": sum}
}

func withColon(message string) string {
	if message == "" {
		return ""
	}
	return ": " + message
}
