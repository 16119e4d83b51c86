package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stellaops/stella/internal/fault"
)

// exitAnnotation is the key under which a command lists the exit statuses it
// can end with, beside those of every command.
const exitAnnotation = "stella/exit"

// exits is the annotation for a command's own exit statuses.
func exits(statuses ...int) map[string]string {
	words := make([]string, len(statuses))
	for i, s := range statuses {
		words[i] = strconv.Itoa(s)
	}
	return map[string]string{exitAnnotation: strings.Join(words, " ")}
}

// Statuses returns the exit statuses that cmd can end with, in order. 0, 1 and
// 2 are every command's; so are the two of signals, which only the table in
// stella help exit-codes repeats.
func Statuses(cmd *cobra.Command) []fault.Status {
	own := strings.Fields(cmd.Annotations[exitAnnotation])
	return slices.DeleteFunc(fault.Statuses(), func(s fault.Status) bool {
		return s.Exit > fault.ExitUsage && !slices.Contains(own, strconv.Itoa(s.Exit))
	})
}

func shortStatuses(cmd *cobra.Command) string {
	var b strings.Builder
	for i, s := range Statuses(cmd) {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s", s.Exit, s.Short)
	}
	return b.String() + "."
}

// topics are help texts that belong to no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "exit-codes", Short: "exit statuses of all commands", Long: exitCodesText()},
		{Use: "environment", Short: "environment variables and configuration", Long: environmentText()},
	}
}

func exitCodesText() string {
	var b strings.Builder
	b.WriteString("Every command ends with one of these exit statuses:\n\n")
	for _, s := range fault.Statuses() {
		fmt.Fprintf(&b, "  %-4d %s\n", s.Exit, s.Meaning)
	}
	b.WriteString(`
When one run has several outcomes, the status is the first of 3, 2, 4, 5, 6,
10, 1 that occurred. With --format json a failure prints one object on standard
error, whose "reason" is a stable word for scripts.`)
	return b.String()
}

func environmentText() string {
	var b strings.Builder
	b.WriteString(`A setting is taken from the flag of its name, else from the environment, else
from the configuration file, else it has its default:

`)
	for _, s := range settings() {
		fmt.Fprintf(&b, "  %-20s %s\n", envName(s.key), s.meaning)
	}
	fmt.Fprintf(&b, "  %-20s configuration file\n", configVariable)
	b.WriteString(`
The configuration file is the first that exists of $STELLA_CONFIG,
$XDG_CONFIG_HOME/stella/config.yaml and ~/.config/stella/config.yaml; the
working directory is never looked into. A line is the setting's name, a colon
and its value:

  format: json
  plugins: {allow: [awskms]}

Of a setting with a dot in its name, what comes before it stands once for all
of them. In the environment commas separate the elements of a list.

The keyring is in $XDG_DATA_HOME/stella or ~/.local/share/stella, the audit log
in $XDG_STATE_HOME/stella or ~/.local/state/stella. The setting state moves all
of it below one directory, DIR/keyring and DIR/audit, which must be there; a
keyring or audit log that is set itself, not in a weaker place, stays there.

Flags that replace files or loosen a check are never read from either. Colour
obeys NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM and CI. stella config show
prints every setting with where it comes from.`)
	return b.String()
}
