package ui

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"github.com/stellaops/stella/internal/atomicfile"
)

// Options describe the streams and what the user asked for. The zero value
// discards nothing and knows no terminal: plain, complete, unwrapped.
type Options struct {
	Stdout, Stderr       io.Writer
	StdoutWidth          int // columns of the terminal, 0 when stdout is none
	StderrWidth          int // the same for stderr
	Getenv               func(string) string
	NoColor              bool // --no-color
	Quiet, Verbose, JSON bool
	Warnings             *Warnings // collects them with JSON; nil prints them as text
	// Terminal opens the user's terminal, for Ask with JSON; nil is none.
	Terminal func() (Terminal, error)
}

// UI is the owner of both streams. It is not safe for concurrent use.
type UI struct {
	Out     *Printer // results
	Err     *Printer // talk
	quiet   bool
	verbose bool
	json    bool

	warnings *Warnings
	terminal func() (Terminal, error)
}

// New returns a UI over the streams of o.
func New(o Options) *UI {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	return &UI{
		Out:     newPrinter(o, "standard output", o.Stdout, o.StdoutWidth),
		Err:     newPrinter(o, "standard error", o.Stderr, o.StderrWidth),
		quiet:   o.Quiet,
		verbose: o.Verbose,
		json:    o.JSON,

		warnings: o.Warnings,
		terminal: o.Terminal,
	}
}

// Result is what a command did or found out. Its JSON form is that of the
// implementing type; Text draws the same facts for people.
type Result interface{ Text(p *Printer) }

// Show prints r on standard output.
func (u *UI) Show(r Result) error { return u.show(u.Out, r) }

// ShowAside prints r on standard error: for commands whose artefact goes to
// standard output. Without --format json, --quiet silences it.
func (u *UI) ShowAside(r Result) error {
	if u.quiet && !u.json {
		return nil
	}
	return u.show(u.Err, r)
}

func (u *UI) show(p *Printer, r Result) error {
	if u.json {
		return p.JSON(r)
	}
	r.Text(p)
	return p.Flush()
}

// Say tells the user something that is not the result. --quiet silences it, and
// so does --format json: there a failure is the one object on standard error.
func (u *UI) Say(format string, args ...any) {
	if !u.quiet && !u.json {
		u.talk(Plain, "", format, args)
	}
}

// Ask tells the user what only they can do now, such as to touch a token. The
// command waits for it, so --quiet does not silence it. With --format json, where
// standard error holds JSON alone, it goes to the terminal, as a prompt does; who
// has neither is not there to be asked.
func (u *UI) Ask(format string, args ...any) {
	if !u.json {
		u.talk(Strong, "", format, args)
		return
	}
	if u.terminal == nil {
		return
	}
	terminal, err := u.terminal()
	if err != nil {
		return
	}
	_, _ = io.WriteString(terminal, "stella: "+messageOf(format, args)+"\r\n") // no place to report it
	_ = terminal.Close()
}

// Verbose reports whether the user wants to see everything.
func (u *UI) Verbose() bool { return u.verbose }

// Detail tells the user something that only --verbose shows, and not with
// --format json.
func (u *UI) Detail(format string, args ...any) {
	if u.verbose && !u.json {
		u.talk(Faint, "", format, args)
	}
}

// talk writes one line with the prefix. It is never wrapped, so that one
// message is one line for grep. A failure to write to standard error has no
// place to be reported.
func (u *UI) talk(style Style, kind, format string, args []any) {
	u.Err.write("stella: " + u.Err.paint(style, kind) + messageOf(format, args) + "\n")
	_ = u.Err.Flush()
}

func messageOf(format string, args []any) string { return EscapeMessage(fmt.Sprintf(format, args...)) }

// Failure is an error as the user sees it.
type Failure struct {
	Code    int               `json:"code"`
	Reason  string            `json:"reason"`
	Message string            `json:"message"`
	Hint    string            `json:"hint,omitempty"`
	Details map[string]string `json:"details,omitempty"`
	// Warnings are what came up before; with text they are printed already.
	Warnings []string `json:"warnings,omitempty"`
}

// Fail prints f on standard error: two lines of text, or one JSON object.
func (u *UI) Fail(f Failure) {
	if u.json {
		f.Warnings = u.warnings.take()
		_ = u.Err.JSON(map[string]Failure{"error": f})
		return
	}
	u.talk(Bad, "error: ", "%s", []any{f.Message})
	if f.Hint != "" {
		u.talk(Strong, "hint: ", "%s", []any{f.Hint})
	}
}

// Flush brings out what is still buffered and returns the first error of
// either stream's result.
func (u *UI) Flush() error { return cmp.Or(u.Out.Flush(), u.Err.Flush()) }

// newPrinter decides once what the stream can show.
func newPrinter(o Options, noun string, w io.Writer, width int) *Printer {
	terminal := width > 0
	return &Printer{
		noun:     noun,
		w:        w,
		terminal: terminal,
		dumb:     o.Getenv("TERM") == "dumb",
		width:    columns(o.Getenv, width),
		color:    !o.NoColor && colored(o.Getenv, terminal),
		unicode:  unicodeLocale(o.Getenv),
	}
}

// columns lets COLUMNS overrule the terminal's own answer. Where there is no
// terminal nothing is ever wrapped.
func columns(getenv func(string) string, width int) int {
	if n, err := strconv.Atoi(getenv("COLUMNS")); width > 0 && err == nil && n > 0 {
		return n
	}
	return width
}

// colored follows no-color.org, bixense.com/clicolors and the habit of
// terminals that call themselves dumb. CI logs count as no terminal.
func colored(getenv func(string) string, terminal bool) bool {
	force := getenv("CLICOLOR_FORCE")
	switch {
	case getenv("NO_COLOR") != "", getenv("TERM") == "dumb", getenv("CLICOLOR") == "0" && force == "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && getenv("CI") == ""
}

// unicodeLocale reports whether the locale's character set is UTF-8, by the
// precedence of POSIX (XBD 8.2). Windows consoles take UTF-16 from us.
func unicodeLocale(getenv func(string) string) bool {
	if getenv("TERM") == "dumb" {
		return false
	}
	locale := cmp.Or(getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG"))
	if locale == "" && runtime.GOOS == "windows" {
		return true
	}
	set := strings.ToLower(strings.ReplaceAll(locale, "-", ""))
	return strings.Contains(set, "utf8")
}

// lost is the error for a stream that takes no more.
func lost(noun string, err error) error { return atomicfile.WriteFailed(noun, err) }
