// Package pages runs the commands that the pages of the documentation show.
//
// A session is a fence of the language "console". Its lines that begin with "$ " are
// commands; the others are what they print, and are not compared. All commands of
// a page run in one shell, so that what one exports the next one has. A command that
// is meant to fail ends in a comment: # exit 3.
package pages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Command is a line of a session.
type Command struct {
	Line string
	Exit int // the status that it should end with
}

// Parse returns the commands of a page's sessions. A backslash continues a line.
func Parse(page string) []Command {
	var commands []Command
	for {
		_, rest, found := strings.Cut(page, "```console\n")
		if !found {
			return commands
		}
		session, after, _ := strings.Cut(rest, "```")
		page = after
		for line := range strings.Lines(strings.ReplaceAll(session, "\\\n", " ")) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
				commands = append(commands, parse(text))
			}
		}
	}
}

func parse(text string) Command {
	line, comment, found := strings.Cut(text, "  # exit ")
	status, err := strconv.Atoi(strings.TrimSpace(comment))
	if found && err != nil {
		status = -1 // no status of a program: the command cannot pass
	}
	return Command{line, status}
}

// Read returns a page by its name below docs, such as "keys/tpm.md". root is the way
// to the repository.
func Read(t testing.TB, root, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// mark ends what a command prints.
const mark = "@@ended"

// Run runs the commands of a page in dir with these variables, but those of NotRun,
// and fails the test for each that ends otherwise than it should.
func Run(t testing.TB, root, page, dir string, environ []string) {
	t.Helper()
	commands := slices.DeleteFunc(Parse(Read(t, root, page)), func(c Command) bool { return isNotRun(page, c.Line) })
	if len(commands) == 0 {
		t.Fatalf("%s shows no command that is run", page)
	}
	var script strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&script, "%s\nprintf '\\n%s %%d\\n' $?\n", c.Line, mark)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script.String())
	cmd.Dir, cmd.Env = dir, environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the shell of %s: %v\n%s", page, err, out)
	}
	compare(t, page, commands, string(out))
}

// compare holds what the shell printed against what should have been.
func compare(t testing.TB, page string, commands []Command, printed string) {
	t.Helper()
	for _, c := range commands {
		said, rest, found := strings.Cut(printed, "\n"+mark+" ")
		status, rest, _ := strings.Cut(rest, "\n")
		if !found {
			t.Fatalf("%s: %s did not end\n%s", page, c.Line, said)
		}
		if status != strconv.Itoa(c.Exit) {
			t.Errorf("%s: %s\nexit status %s, want %d\n%s", page, c.Line, status, c.Exit, said)
		}
		printed = rest
	}
}
