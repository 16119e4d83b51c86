package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// maxAnnotations is how many annotations of one level GitHub shows of a step.
const maxAnnotations = 10

// NewAnnotations returns a Writer of GitHub's workflow commands: an error for each of
// the first payloads that are not verified, a warning for each of the first parts of
// the input that are no evidence. They are written at the end, at most ten of each.
func NewAnnotations(w io.Writer) Writer { return &annotations{w: w} }

type annotations struct {
	w                io.Writer
	errors, warnings []string
	failed           int
}

var _ Writer = (*annotations)(nil)

// Result implements Writer.
func (a *annotations) Result(r *verify.Result) error {
	if r.Verified {
		return nil
	}
	a.failed++
	if len(a.errors) == maxAnnotations {
		return nil
	}
	var place verify.Source
	if len(r.Evidence) > 0 {
		place = r.Evidence[0]
	}
	var reason string
	var messages []string
	for _, c := range r.Checks {
		if c.Status == verify.Failed {
			reason = cmp.Or(reason, string(c.Reason))
			messages = append(messages, c.Name+withColon(c.Message))
		}
	}
	a.errors = append(a.errors, command("error", place, cmp.Or(reason, NotVerified), cmp.Or(strings.Join(messages, "; "), NotVerified)))
	return nil
}

// Ignored implements Writer.
func (a *annotations) Ignored(i *verify.Ignored) error {
	if len(a.warnings) < maxAnnotations {
		a.warnings = append(a.warnings, command("warning", verify.Source{File: i.Source, Line: i.Line}, "no evidence", "ignored: "+i.Message))
	}
	return nil
}

// Close implements Writer.
func (a *annotations) Close(whole *verify.Report) error {
	if err := closeWith(a, whole); err != nil {
		return err
	}
	lines := a.errors
	if a.failed > maxAnnotations {
		lines[maxAnnotations-1] = command("error", verify.Source{}, string(whole.Reason),
			fmt.Sprintf("%d further payloads are not verified", a.failed-maxAnnotations+1))
	}
	if !whole.Verified && a.failed == 0 {
		lines = append(lines, command("error", verify.Source{}, string(whole.Reason), reasonMeaning(whole.Reason)))
	}
	_, err := io.WriteString(a.w, strings.Join(append(lines, a.warnings...), ""))
	return err
}

// Abort implements Writer.
func (a *annotations) Abort() { a.errors = nil }

// command is one workflow command on its line.
func command(level string, place verify.Source, title, message string) string {
	var properties []string
	if place.File != "" && place.File != "-" {
		properties = append(properties, "file="+commandProperty(place.File))
	}
	if place.Line > 0 {
		properties = append(properties, fmt.Sprintf("line=%d", place.Line))
	}
	properties = append(properties, "title="+commandProperty("stella verify: "+title))
	return fmt.Sprintf("::%s %s::%s\n", level, strings.Join(properties, ","), commandData(message))
}

// commandData and commandProperty encode what the runner's parser would take for its
// own, in text whose invisible characters are shown escaped.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(ui.EscapeMessage(s))
}

func commandProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(commandData(ui.Escape(s)))
}
