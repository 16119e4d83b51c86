package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	issuers "github.com/stellaops/stella/internal/testkit/world"
)

// TestExamples runs every line of every command's examples, as a shell does,
// in a fresh copy of testdata/examples. An example that is meant to fail ends
// in a comment: # exit 3.
func TestExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are lines for a Unix shell")
	}
	worlds := newExampleWorlds(t)
	visitCommands(Command(), func(cmd *cobra.Command) {
		if !cmd.Runnable() || !cmd.IsAvailableCommand() && cmd.Name() != "help" && cmd.HasParent() {
			return
		}
		t.Run(strings.ReplaceAll(cmd.CommandPath(), " ", "-"), func(t *testing.T) {
			lines := exampleLines(cmd.Example)
			if cmd.HasSubCommands() && len(lines) == 0 && cmd.HasParent() {
				return // a group: its commands have the examples
			}
			require.NotEmpty(t, lines, "every command has examples")
			runExamples(t, worlds, cmd.CommandPath(), lines)
		})
	})
}

func visitCommands(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		visitCommands(sub, visit)
	}
}

// exampleLines returns the commands in an example text; a backslash continues
// a line, and a comment stands on its own line.
func exampleLines(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

func runExamples(t *testing.T, worlds *exampleWorlds, name string, lines []string) {
	setup := setupFor(t, name, strings.Join(lines, "\n"))
	before, absent := without(setup, lines, nil)
	dir := worlds.enter(t, before)
	devices := plugIn(t, name, dir)
	before, _ = without(devices.setup, lines, absent)
	for _, line := range before {
		status, text := shell(t, dir, line, devices.environ...)
		require.Zero(t, status, "setup: %s\n%s", line, text)
	}
	for _, line := range lines {
		assert.Regexp(t, `(^|[A-Z_]+=\S+ |\| *)stella( |$)`, line, "an example is a command of stella")
		command, comment, _ := strings.Cut(line, "  # exit ")
		status, text := shell(t, dir, command, devices.environ...)
		want := "0"
		if comment != "" {
			want = strings.TrimSpace(comment)
		}
		assert.Equal(t, want, strconv.Itoa(status), "%s\n%s", line, text)
	}
}

// setupFor returns the lines of the setup files that a command's examples need.
func setupFor(t *testing.T, name, examples string) []string {
	t.Helper()
	files := []string{"setup"}
	switch {
	case strings.Contains(examples, "promotion"):
		files = append(files, "setup-promotion")
		if name == "stella verify" || strings.Contains(name, "offline-kit") {
			files = append(files, "setup-trust")
		}
	case strings.Contains(examples, "trust"), name == "stella verify", strings.Contains(name, "offline-kit"):
		files = append(files, "setup-trust")
	}
	if name == "stella offline-kit status" || name == "stella offline-kit rollback" {
		files = append(files, "setup-kits")
	}
	var lines []string
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("testdata", "examples", file))
		require.NoError(t, err)
		lines = append(lines, exampleLines(string(text))...)
	}
	return lines
}

// without leaves out of setup what the examples write themselves, and what rests on it. It
// returns the names of such files, beside those that were absent before.
func without(setup, examples, absent []string) (left, alsoAbsent []string) {
	made := strings.Join(examples, "\n")
	for _, line := range setup {
		output := outputOf(line)
		switch {
		case output != "" && writes(made, output):
			absent = append(absent, output)
		case !mentionsAny(line, absent):
			left = append(left, line)
		case output != "":
			absent = append(absent, output)
		}
	}
	return left, absent
}

// issue puts evidence there that no command of ours makes: signed with
// certificates of a public authority and of a private one.
func issue(t *testing.T, dir string) {
	app, err := os.ReadFile(filepath.Join(dir, "app.tar.gz"))
	require.NoError(t, err)
	w := issuers.New("examples")
	w.Clock.Set(time.Now().Add(-time.Minute))
	public := w.Evidence(issuers.Options{Artifact: app, Identity: "ci@example.com", Issuer: "https://issuer.example.com"})
	private := w.Evidence(issuers.Options{Artifact: app, Signer: issuers.PrivateCA, Identity: "ci@example.com", Log: issuers.NoLog, NoTimestamp: true})
	for name, content := range map[string][]byte{
		"keyless.sigstore.json": public.Bundle, "trusted_root.json": public.TrustedRoot,
		"private.sigstore.json": private.Bundle, "ca.pem": private.CA,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
}

func mentionsAny(line string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, " "+w) })
}

// outputOf returns what line writes with -o.
func outputOf(line string) string {
	_, rest, found := strings.Cut(line, " -o ")
	if !found {
		return ""
	}
	return strings.Fields(rest)[0]
}

func writes(lines, output string) bool {
	for line := range strings.Lines(lines) {
		if outputOf(line) == output {
			return true
		}
	}
	return false
}

// exampleEnviron is the environment of who types examples in dir: of the developer's
// own only what finds programs.
func exampleEnviron(dir string) []string {
	return append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_STATE_HOME=", "STELLA_CONFIG=", "LC_ALL=C.UTF-8",
		"STELLA_ASKPASS="+filepath.Join(dir, "askpass"))
}

func shell(t *testing.T, dir, line string, environ ...string) (status int, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(exampleEnviron(dir), environ...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
