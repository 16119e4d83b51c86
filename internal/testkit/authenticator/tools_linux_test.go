package authenticator_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

const rpID = "stella:release"

// tool runs a program that must succeed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	return string(testkit.Tool(t, "", name, args...))
}

// atTerminal runs a program at a terminal of its own, where it asks for PINs, and
// answers each prompt with the next one. It returns what the program wrote to
// standard output and, mixed with prompts, to the terminal.
func atTerminal(t *testing.T, pins []string, name string, args ...string) (stdout, screen string, err error) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		testkit.Tool(t, "", name) // says so, or skips
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	var out bytes.Buffer
	cmd.Stdout = &out
	terminal, err := pty.Start(cmd)
	require.NoError(t, err)
	defer terminal.Close()
	var seen bytes.Buffer
	b := make([]byte, 1024)
	for {
		n, err := terminal.Read(b)
		if err != nil {
			break // the program has ended
		}
		seen.Write(b[:n])
		if strings.HasSuffix(seen.String(), ": ") && len(pins) > 0 {
			_, err = terminal.WriteString(pins[0] + "\n")
			require.NoError(t, err)
			pins = pins[1:]
		}
	}
	err = cmd.Wait()
	return out.String(), seen.String(), err
}

// prompted is atTerminal for a program that must succeed.
func prompted(t *testing.T, pins []string, name string, args ...string) string {
	t.Helper()
	out, screen, err := atTerminal(t, pins, name, args...)
	require.NoError(t, err, "%s %q\n%s", name, args, screen)
	return out
}

// file writes lines to a new file.
func file(t *testing.T, lines ...string) string {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "*")
	require.NoError(t, err)
	defer f.Close()
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	require.NoError(t, err)
	return f.Name()
}

func encoded(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// lines of a file, without the last line end.
func lines(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.Split(strings.TrimRight(string(b), "\n"), "\n")
}

func temporary(t *testing.T, name string) string { return filepath.Join(t.TempDir(), name) }
