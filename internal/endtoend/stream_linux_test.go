package endtoend

import (
	"bytes"
	"encoding/json/v2"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

// artefactCommands write an artefact to standard output.
func artefactCommands() map[string]call {
	return map[string]call{
		"sign sbom":   stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key"),
		"sign to -":   stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key", "-o", "-"),
		"sign blob":   stella("sign", "blob", "sbom.cdx.json", "--key", "p256.key"),
		"attest add":  stella("attest", "add", "sbom.dsse.json", "--trust", "p256.key.pub", "--key", "other.key"),
		"keys export": stella("keys", "export", "--public", "p256.key"),
	}
}

// resultCommands write a result to standard output.
func resultCommands() map[string]call {
	return map[string]call{
		"verified":    stella("verify", "sbom.sigstore.json", "--key", "p256.key.pub"),
		"rejected":    stella("verify", "sbom.sigstore.json", "--key", "other.key.pub"),
		"attest show": stella("attest", "show", "sbom.sigstore.json"),
		"keys show":   stella("keys", "show", "p256.key.pub"),
		"config show": stella("config", "show"),
		"version":     stella("version"),
		"help":        stella("verify", "--help"),
	}
}

// TestClosedStdout starts the program without a standard output: an artefact
// would be lost, so that is an error. A verdict is in the exit status too.
func TestClosedStdout(t *testing.T) {
	w := ready(t)
	closed := func(c call) call {
		c.program, c.before = "/bin/sh", []string{"-c", `exec "$0" "$@" >&-`, program()}
		return c
	}
	for name, c := range artefactCommands() {
		t.Run(name, func(t *testing.T) {
			in(t, w).fails(failure{1, fault.OutputFailed, []string{"standard output", "closed", "-o"}}, closed(c))
		})
	}
	assert.Equal(t, 0, w.run(closed(resultCommands()["verified"])).status)
	assert.Equal(t, 3, w.run(closed(resultCommands()["rejected"])).status)
	w.okay(closed(artefactCommands()["sign sbom"].with("-o", "out/x")))
	w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub"))
}

// TestDeadStdout is about a device without space and a pipe whose reader has
// gone: exit 1, whatever the verdict would be, since nobody saw it.
func TestDeadStdout(t *testing.T) {
	w := ready(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	reader, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer pipe.Close()
	require.NoError(t, reader.Close())
	streams := map[string]struct {
		file *os.File
		says string
	}{"full device": {full, "no space left"}, "reader gone": {pipe, "the reader closed the pipe"}}
	for stream, to := range streams {
		for _, commands := range []map[string]call{artefactCommands(), resultCommands()} {
			for name, c := range commands {
				t.Run(stream+"/"+name, func(t *testing.T) {
					c.stdout = to.file
					in(t, w).fails(failure{1, fault.OutputFailed, []string{"standard output", to.says}}, c)
				})
			}
		}
	}
}

// TestNoStreams runs without any open stream: the exit status still tells, and
// no file gets what was meant for a stream.
func TestNoStreams(t *testing.T) {
	w := ready(t)
	for name, tt := range map[string]struct {
		status int
		call   call
	}{
		"verified": {0, resultCommands()["verified"]},
		"rejected": {3, resultCommands()["rejected"]},
		"missing":  {4, stella("verify", "absent", "--key", "p256.key.pub")},
		"written":  {0, artefactCommands()["sign sbom"].with("-o", "out/x")},
	} {
		t.Run(name, func(t *testing.T) {
			c := tt.call
			c.program, c.before = "/bin/sh", []string{"-c", `exec "$0" "$@" <&- >&- 2>&-`, program()}
			o := in(t, w).run(c)
			assert.Equal(t, tt.status, o.status)
			assert.Empty(t, o.stdout+o.stderr)
		})
	}
	w.judged(0, "", stella("verify", "out/x", "--key", "p256.key.pub"))
}

// TestStandardStreams signs from standard input to standard output and pipes
// that into verify.
func TestStandardStreams(t *testing.T) {
	w := newWorld(t)
	signed := w.okay(w.piped([]byte(smallSBOM), "sign", "sbom", "-", "--key", "p256.key"))
	assert.Contains(t, signed.stderr, "signed CycloneDX", "the result goes where the artefact does not")
	assert.Equal(t, 1, strings.Count(signed.stdout, "\n"))
	w.judged(0, "", w.piped([]byte(signed.stdout), "verify", "-", "--key", "p256.key.pub", "--subject", "sbom.cdx.json"))
	shown := w.okay(w.piped([]byte(signed.stdout), "attest", "show", "-"))
	assert.Contains(t, shown.stdout, "not verified")

	asJSON := w.okay(w.piped([]byte(smallSBOM), "sign", "sbom", "-", "--key", "p256.key", "--format", "json"))
	assert.Equal(t, signed.stdout, asJSON.stdout, "the artefact is the same")
	var result struct {
		Output string `json:"output"`
	}
	require.NoError(t, json.Unmarshal([]byte(asJSON.stderr), &result), "the result is one object")
	assert.Equal(t, "-", result.Output)
	assert.Empty(t, w.okay(w.piped([]byte(smallSBOM), "sign", "sbom", "-", "--key", "p256.key", "-q")).stderr)

	// Nothing to read, and several readers of one stream.
	w.fails(failure{2, fault.InputEmpty, []string{"standard input"}}, stella("verify", "-", "--key", "p256.key.pub"))
	w.fails(failure{2, fault.UsageInvalid, []string{"standard input"}},
		w.piped([]byte(signed.stdout), "verify", "-", "-", "--key", "p256.key.pub"))
	w.fails(failure{2, fault.UsageInvalid, []string{"standard input"}},
		w.piped([]byte(signed.stdout), "verify", "-", "--subject", "-", "--key", "p256.key.pub"))
	w.fails(failure{2, fault.UsageInvalid, []string{"standard input"}},
		w.piped([]byte(smallSBOM), "sign", "sbom", "-", "--subjects-from", "-", "--key", "p256.key"))
}

// onTerminal runs a call with its standard output on a terminal of 40 columns,
// and returns what it showed.
func (w *world) onTerminal(c call) (outcome, string) {
	w.t.Helper()
	person, line, err := pty.Open()
	require.NoError(w.t, err)
	defer person.Close()
	require.NoError(w.t, pty.Setsize(person, &pty.Winsize{Rows: 24, Cols: 40}))
	screen := make(chan []byte)
	go func() {
		seen, _ := io.ReadAll(person) // ends with an error when the last user of the line closes it
		screen <- seen
	}()
	c.stdout = line
	c.env = append(c.env, "TERM=xterm")
	o := w.run(c)
	require.NoError(w.t, line.Close())
	return o, strings.ReplaceAll(string(<-screen), "\r\n", "\n")
}

// TestPipeAndTerminal tells a terminal from a pipe: colour, and no artefact
// unless -o - says so. Both say the same.
func TestPipeAndTerminal(t *testing.T) {
	w := ready(t)
	verify := resultCommands()["verified"].with("--at", "2027-01-01T00:00:00Z")
	piped := w.okay(verify).stdout
	assert.NotContains(t, piped, "\x1b")
	o, screen := w.onTerminal(verify)
	assert.Zero(t, o.status, "%s", o)
	assert.Contains(t, screen, "\x1b[")
	_, plain := w.onTerminal(verify.with("--no-color"))
	assert.NotContains(t, plain, "\x1b")
	assert.Contains(t, strings.Join(strings.Fields(plain), " "), "verified, but not compared with any artifact")

	sign := stella("sign", "sbom", "sbom.cdx.json", "--key", "p256.key")
	o, screen = w.onTerminal(sign)
	w.checkText(failure{2, fault.OutputRequired, []string{"terminal", "-o sbom.cdx.json.sigstore.json"}}, o)
	assert.Empty(t, screen)
	o, screen = w.onTerminal(sign.with("-o", "-"))
	assert.Zero(t, o.status, "%s", o)
	assert.Equal(t, w.okay(sign).stdout, screen)
	o, screen = w.onTerminal(verify.with("--format", "json"))
	assert.Zero(t, o.status)
	assert.NotContains(t, screen, "\x1b")
	assert.True(t, bytes.HasPrefix([]byte(screen), []byte("{")))
}
