//go:build !windows

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/stellaops/stella/internal/testkit/authenticator"
)

// patience is how long a test waits for a program that should answer at once.
const patience = 20 * time.Second

// typist is a stella that runs on a pseudo-terminal, and a person before it.
type typist struct {
	t    *testing.T
	dir  string
	cmd  *exec.Cmd
	tty  *os.File // the person's side
	line *os.File // stella's side, kept open to look at its mode

	mu     sync.Mutex
	screen bytes.Buffer
	read   int // how much of screen waitFor has passed
}

func sit(t *testing.T, args ...string) *typist {
	t.Helper()
	tty, line, err := pty.Open()
	require.NoError(t, err)
	p := &typist{t: t, dir: t.TempDir(), tty: tty, line: line}
	t.Cleanup(func() { tty.Close(); line.Close() })
	require.NoError(t, pty.Setsize(tty, &pty.Winsize{Rows: 24, Cols: 60}))
	p.cmd = exec.CommandContext(t.Context(), "stella", args...)
	p.cmd.Dir = p.dir
	p.cmd.Env = append(os.Environ(), "HOME="+p.dir, "XDG_CONFIG_HOME=", "STELLA_ASKPASS=", "STELLA_CONFIG=",
		"LC_ALL=C.UTF-8", "TERM=xterm", "CI=", "NO_COLOR=", "COLUMNS=")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = line, line, line
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, p.cmd.Start())
	go p.watch()
	return p
}

func (p *typist) watch() {
	buf := make([]byte, 1024)
	for {
		n, err := p.tty.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.screen.Write(buf[:n])
		p.mu.Unlock()
	}
}

func (p *typist) sees() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

// waitFor waits until text stands on the screen after what it waited for last.
func (p *typist) waitFor(text string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		i := strings.Index(p.sees()[p.read:], text)
		if i >= 0 {
			p.read += i + len(text)
		}
		return i >= 0
	}, patience, 5*time.Millisecond, "waiting for %q", text)
}

// types types keys once the prompt is there, with echo off.
func (p *typist) types(prompt, keys string) {
	p.t.Helper()
	p.waitFor(prompt)
	require.False(p.t, p.echo(), "the terminal echoes what is typed")
	_, err := p.tty.WriteString(keys)
	require.NoError(p.t, err)
}

func (p *typist) echo() bool {
	p.t.Helper()
	state, err := unix.IoctlGetTermios(int(p.line.Fd()), ioctlReadTermios)
	require.NoError(p.t, err)
	return state.Lflag&unix.ECHO != 0
}

// leaves waits for the exit status and checks that the terminal is as before.
func (p *typist) leaves(status int) {
	p.t.Helper()
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		require.FailNow(p.t, "stella hangs", "%s", p.sees())
	}
	assert.Equal(p.t, status, p.cmd.ProcessState.ExitCode(), "%s", p.sees())
	assert.True(p.t, p.echo(), "the terminal is left without echo")
}

func (p *typist) files() []string {
	p.t.Helper()
	entries, err := os.ReadDir(p.dir)
	require.NoError(p.t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestPassphraseIsTypedTwiceAndNotShown(t *testing.T) {
	p := sit(t, "keys", "generate", "-o", "typed.key")
	p.types(`new passphrase for "typed.key": `, "swordfisg\x7fh\r")
	p.types("the same again: ", "swordfish\r")
	p.waitFor("next: ")
	p.leaves(0)
	assert.NotContains(t, p.sees(), "sword")
	assert.Equal(t, []string{"typed.key", "typed.key.pub"}, p.files())

	pass := filepath.Join(p.dir, "pass")
	require.NoError(t, os.WriteFile(pass, []byte("swordfish\n"), 0o600))
	out, err := exec.Command("stella", "keys", "export", "--public", filepath.Join(p.dir, "typed.key"), "--passphrase-file", pass).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestPassphrasesThatDiffer(t *testing.T) {
	p := sit(t, "keys", "generate", "-o", "typed.key")
	p.types("new passphrase", "one\r")
	p.types("the same again: ", "two\r")
	for range 2 {
		p.types("they differ; new passphrase", "one\r")
		p.types("the same again: ", "two\r")
	}
	p.waitFor("the two passphrases differ")
	p.leaves(2)
	assert.Empty(t, p.files())
}

func TestEmptyPassphrase(t *testing.T) {
	p := sit(t, "keys", "generate", "-o", "typed.key")
	p.types("new passphrase", "\r")
	p.waitFor("the passphrase is empty")
	p.leaves(2)
	assert.Empty(t, p.files())
}

func TestPINIsTypedTwiceAndNotShown(t *testing.T) {
	token := authenticator.Start(t, authenticator.WithPIN("old PIN"), authenticator.WithPINRetries(3))
	t.Setenv("STELLA_FIDO2_DEVICE", token.Path())
	p := sit(t, "keys", "pin", "change", "fido2:")
	p.types(`3 tries are left before the token locks for good; PIN for "`+token.Path()+`": `, "old PIN\r")
	p.types(`the token wants 4 characters or more; new PIN for "`+token.Path()+`": `, "swordfish\r")
	p.types("the same again: ", "swordfish\r")
	p.waitFor("is changed")
	p.leaves(0)
	assert.NotContains(t, p.sees(), "sword")

	p = sit(t, "keys", "pin", "change", "fido2:")
	p.types("PIN for ", "swordfish\r")
	p.types("new PIN for ", "\r")
	p.waitFor("the PIN is empty")
	p.leaves(2)
}

func TestControlCAtThePrompt(t *testing.T) {
	p := sit(t, "keys", "generate", "-o", "typed.key")
	p.types("new passphrase", "abc\x03")
	p.leaves(130)
	assert.Empty(t, p.files())
}

func TestSignalAtThePrompt(t *testing.T) {
	for name, test := range map[string]struct {
		signal syscall.Signal
		status int
	}{
		"interrupt": {syscall.SIGINT, 130},
		"terminate": {syscall.SIGTERM, 143},
		"hang up":   {syscall.SIGHUP, 143},
	} {
		t.Run(name, func(t *testing.T) {
			p := sit(t, "keys", "generate", "-o", "typed.key")
			p.types("new passphrase", "abc")
			require.NoError(t, p.cmd.Process.Signal(test.signal))
			p.leaves(test.status)
			assert.Empty(t, p.files())
		})
	}
}

func TestPromptLeavesStandardInputAlone(t *testing.T) {
	p := sit(t, "keys", "generate", "--passphrase-file", "/dev/null", "-o", "typed.key")
	p.leaves(2) // an empty passphrase; nobody was asked
	assert.NotContains(t, p.sees(), "new passphrase")
}

func TestTerminalGetsColourShortDigestsAndWrapping(t *testing.T) {
	p := sit(t, "keys", "generate", "--no-passphrase", "-o", "typed.key")
	p.waitFor("next: ")
	p.leaves(0)
	assert.Contains(t, p.sees(), "\x1b[2mkey id")
	assert.Regexp(t, `sha256:[0-9a-f]{4}…[0-9a-f]{4}`, p.sees())
	ansi := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for line := range strings.Lines(ansi.ReplaceAllString(p.sees(), "")) {
		assert.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\r\n"))), 60, "%q", line)
	}
}

func TestSignalWhileItWaits(t *testing.T) {
	for name, test := range map[string]struct {
		signal syscall.Signal
		status int
		text   string
	}{
		"interrupt": {syscall.SIGINT, 130, "stella: error: interrupted\n"},
		"terminate": {syscall.SIGTERM, 143, "stella: error: terminated\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fifo := filepath.Join(dir, "pass")
			require.NoError(t, syscall.Mkfifo(fifo, 0o600))
			cmd := exec.CommandContext(t.Context(), "stella", "keys", "generate", "--passphrase-file", fifo, "-o", "k")
			cmd.Dir = dir
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			require.NoError(t, cmd.Start())
			// The fifo opens for writing as soon as stella reads it.
			w, err := os.OpenFile(fifo, os.O_WRONLY, 0)
			require.NoError(t, err)
			defer w.Close()
			start := time.Now()
			require.NoError(t, cmd.Process.Signal(test.signal))
			_ = cmd.Wait()
			assert.Equal(t, test.status, cmd.ProcessState.ExitCode())
			assert.Equal(t, test.text, stderr.String())
			assert.Less(t, time.Since(start), patience)
			assert.NoFileExists(t, filepath.Join(dir, "k"))
		})
	}
}
