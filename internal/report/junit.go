package report

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// junitVerdict is how the suite of the verdict over all is called, which is the
// first: without it, a run that found nothing to check would look green.
const junitVerdict = "stella verify"

// NewJUnit returns a Writer of JUnit XML: a suite for each payload and in it a test
// for each check, so that a CI system shows which check of which file failed. What
// was not demanded or not run is skipped, and what a check found is its output. Each
// test's class is its files' names, as GitLab and Jenkins group by class and not by
// suite.
func NewJUnit(ctx context.Context, w io.Writer) Writer {
	return &junit{w: w, aside: atomicfile.Aside(ctx, aside, w)}
}

type junit struct {
	w               io.Writer
	aside           *atomicfile.Spool
	tests, failures int
	ignored         int
	listed          []string // the first of what was ignored
}

// maxJUnitIgnored is how much of what was ignored is listed, in lines: the document is
// held in memory by who reads it. The rest is counted.
const maxJUnitIgnored = 1000

var _ Writer = (*junit)(nil)

type (
	junitSuite struct {
		XMLName    xml.Name         `xml:"testsuite"`
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Skipped    int              `xml:"skipped,attr"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
		Output     string           `xml:"system-out,omitempty"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Skipped string        `xml:"skipped,omitempty"`
		Failure *junitFailure `xml:"failure"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// Result implements Writer.
func (j *junit) Result(r *verify.Result) error {
	name := ui.Escape(ResultName(r))
	suite := junitSuite{Name: name}
	times := make(map[string]int)
	for _, c := range r.Checks {
		times[c.Name]++
		test := newJUnitCase(name, c)
		if n := times[c.Name]; n > 1 { // GitLab takes the first of two with one name
			test.Name += fmt.Sprintf(" (%d)", n)
		}
		suite.add(test)
	}
	return j.suite(j.aside, suite)
}

func newJUnitCase(class string, c verify.Check) junitCase {
	test := junitCase{Name: ui.Escape(c.Name), Class: class}
	switch c.Status {
	case verify.Passed:
		test.Output = ui.EscapeMessage(c.Message)
	case verify.Failed:
		text := c.Message
		if c.Hint != "" {
			text += "; hint: " + c.Hint
		}
		test.Failure = &junitFailure{string(c.Reason), ui.EscapeMessage(c.Message), ui.EscapeMessage(text)}
	default:
		test.Skipped = ui.EscapeMessage(StatusWord(c.Status) + withColon(c.Message))
	}
	return test
}

func (s *junitSuite) add(test junitCase) {
	s.Cases = append(s.Cases, test)
	s.Tests++
	switch {
	case test.Failure != nil:
		s.Failures++
	case test.Skipped != "":
		s.Skipped++
	}
}

func (j *junit) suite(w io.Writer, s junitSuite) error {
	j.tests += s.Tests
	j.failures += s.Failures
	text, err := xml.MarshalIndent(s, indent, indent)
	if err != nil {
		return fmt.Errorf("failed to encode the verdict: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Ignored implements Writer.
func (j *junit) Ignored(i *verify.Ignored) error {
	if j.ignored++; j.ignored <= maxJUnitIgnored {
		j.listed = append(j.listed, ui.EscapeMessage(IgnoredPlace(i)+" ignored: "+i.Message))
	}
	return nil
}

// Close implements Writer.
func (j *junit) Close(whole *verify.Report) error {
	if err := closeWith(j, whole); err != nil {
		return err
	}
	var verdict strings.Builder
	suite := verdictSuite(whole, j.ignored)
	suite.Output = strings.Join(j.listed, "\n")
	if err := j.suite(&verdict, suite); err != nil {
		return err
	}
	_, err := fmt.Fprintf(j.w, "%s<testsuites name=%q tests=\"%d\" failures=\"%d\" errors=\"0\">\n%s",
		xml.Header, junitVerdict, j.tests, j.failures, verdict.String())
	if err != nil {
		return err
	}
	if err := j.aside.Commit(); err != nil {
		return err
	}
	_, err = io.WriteString(j.w, "</testsuites>\n")
	return err
}

// verdictSuite is the verdict over all as a test of its own.
func verdictSuite(whole *verify.Report, ignored int) junitSuite {
	property := func(name, value string) junitProperty { return junitProperty{name, ui.EscapeMessage(value)} }
	suite := junitSuite{Name: junitVerdict, Properties: &junitProperties{[]junitProperty{
		property("schema", whole.Schema),
		property("verified", strconv.FormatBool(whole.Verified)),
		property("exit", strconv.Itoa(whole.Exit)),
		property("comparedWithArtifact", strconv.FormatBool(whole.Compared)),
		property("time", instant(whole.Time.At)+" ("+whole.Time.Source+")"),
		property("trust", strings.Join(whole.Trust.Sources, ", ")),
		property("trusted", TrustWords(&whole.Trust)),
		property("ignored", strconv.Itoa(ignored)),
		property("policies", strings.Join(whole.Policies, ", ")),
		property("loosened", strings.Join(whole.Loosened, "; ")),
	}}}
	c := verify.Check{
		Name: "verdict", Status: verify.Passed, Reason: whole.Reason,
		Message: strings.Join(append([]string{Word(whole.Verified)}, Reservations(whole.Compared, len(whole.AssumedRevocations) > 0)...), ", "),
	}
	if !whole.Verified {
		c.Status = verify.Failed
		c.Message = fmt.Sprintf("%s: %s (exit %d)", c.Message, reasonMeaning(whole.Reason), whole.Exit)
	}
	suite.add(newJUnitCase(junitVerdict, c))
	return suite
}

// Abort implements Writer.
func (j *junit) Abort() { j.aside.Abort() }
