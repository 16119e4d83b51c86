package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

const (
	// MaxMarkdown is how much a summary may have, in bytes: GitHub's limit for all
	// summaries of a step, less what its count may differ from ours.
	MaxMarkdown = 1000 << 10
	// maxMarkdownPasses is how many verified payloads are named.
	maxMarkdownPasses = 20
	// minMarkdown is room for the verdict and the note that the rest is left out.
	minMarkdown = 8 << 10
)

// errNoRoom says that a summary is not written, for not even the verdict would fit.
var errNoRoom = errors.New("other summaries of this step leave no room")

// NewMarkdown returns a Writer of a summary in Markdown, of at most the bytes that
// room returns when the verdict is known. What does not fit is counted. Everything
// that may be somebody else's words stands in code spans, where GitHub finds no
// markup, link, mention or image.
func NewMarkdown(w io.Writer, room func() (int, error)) Writer { return &markdown{w: w, room: room} }

type markdown struct {
	w     io.Writer
	room  func() (int, error)
	tally Tally

	failed, passed []string // list items
	bytes          int      // of failed
	ignored        int
}

var _ Writer = (*markdown)(nil)

// Result implements Writer.
func (m *markdown) Result(r *verify.Result) error {
	m.tally.Add(r)
	switch {
	case r.Verified && len(m.passed) < maxMarkdownPasses:
		m.passed = append(m.passed, passedItem(r))
	case !r.Verified && m.bytes < MaxMarkdown:
		item := failedItem(r)
		m.failed = append(m.failed, item)
		m.bytes += len(item)
	}
	return nil
}

func passedItem(r *verify.Result) string {
	item := "- ✓ " + codeSpan(ResultName(r))
	var names []string
	for i := range r.Signers[:min(len(r.Signers), maxPageParts)] {
		if s := &r.Signers[i]; s.Verified && s.Counted {
			names = append(names, codeSpan(SignerName(s)))
		}
	}
	if len(names) > 0 {
		item += ", signed by " + strings.Join(names, ", ")
	}
	return item + "\n"
}

func failedItem(r *verify.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- ✗ %s\n", codeSpan(ResultName(r)))
	for _, c := range r.Checks {
		if c.Status != verify.Failed {
			continue
		}
		fmt.Fprintf(&b, "  - %s failed, %s: %s\n", codeSpan(c.Name), codeSpan(string(c.Reason)), codeSpan(c.Message))
		if c.Hint != "" {
			fmt.Fprintf(&b, "    - what to do: %s\n", codeSpan(c.Hint))
		}
	}
	return b.String()
}

// Ignored implements Writer.
func (m *markdown) Ignored(*verify.Ignored) error {
	m.ignored++
	return nil
}

// Close implements Writer.
func (m *markdown) Close(whole *verify.Report) error {
	if err := closeWith(m, whole); err != nil {
		return err
	}
	room, err := m.room()
	if err != nil {
		return err
	}
	if room = min(room, MaxMarkdown); room < minMarkdown {
		return errNoRoom
	}
	head := m.head(whole)
	room -= len(head) + minMarkdown/2 // for the titles and notes below
	failed, room := fill("Not verified", m.failed, m.tally.NotVerified(), room)
	passed, _ := fill("Verified", m.passed, m.tally.Verified, room)
	_, err = io.WriteString(m.w, head+failed+passed+"\n")
	return err
}

// Abort implements Writer.
func (m *markdown) Abort() {}

// head is the verdict, what it is not about, and what it rests on.
func (m *markdown) head(whole *verify.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s stella verify: %s\n\n", sign(outcome(whole.Verified)), Word(whole.Verified))
	if !whole.Verified {
		fmt.Fprintf(&b, "%s: %s. Exit status %d.\n\n", codeSpan(string(whole.Reason)), reasonMeaning(whole.Reason), whole.Exit)
	}
	fmt.Fprintf(&b, "| Payloads | Verified | Not verified |\n| ---: | ---: | ---: |\n| %d | %d | %d |\n\n",
		m.tally.Payloads, m.tally.Verified, m.tally.NotVerified())
	for _, words := range Reservations(whole.Compared, len(whole.AssumedRevocations) > 0) {
		fmt.Fprintf(&b, "- **%s**\n", words)
	}
	for _, words := range whole.Loosened {
		fmt.Fprintf(&b, "- **loosened**: %s\n", codeSpan(words))
	}
	fmt.Fprintf(&b, "- keys judged at %s (%s)\n", instant(whole.Time.At), codeSpan(whole.Time.Source))
	if m.ignored > 0 {
		fmt.Fprintf(&b, "- %s of the inputs ignored\n", Plural(m.ignored, "part"))
	}
	for i, name := range whole.Policies {
		if i == maxMarkdownPasses {
			fmt.Fprintf(&b, "- and %d further policies\n", len(whole.Policies)-i)
			break
		}
		fmt.Fprintf(&b, "- policy %s\n", codeSpan(name))
	}
	return b.String()
}

// fill returns as many items under a title as there is room for, and the room left.
func fill(title string, items []string, count, room int) (text string, rest int) {
	if count == 0 {
		return "", room
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", title)
	shown := 0
	for _, item := range items {
		if len(item) > room {
			break
		}
		room -= len(item)
		shown++
		b.WriteString(item)
	}
	if shown < count {
		fmt.Fprintf(&b, "- and %d more, which the formats json and ndjson list\n", count-shown)
	}
	return b.String(), room
}

// codeSpan returns s in backquotes, more of them than s has in a row (CommonMark
// 0.31.2, section 6.1). A line break cannot end it, since it is shown escaped.
func codeSpan(s string) string {
	s = ui.EscapeMessage(s)
	if strings.Trim(s, " ") == "" {
		return "(empty)"
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}
