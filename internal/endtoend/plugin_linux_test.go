package endtoend

import (
	"crypto/sha256"
	"encoding/json/v2"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit"
)

// demoPlugin is the plugin that docs/keys/plugins.md shows.
func demoPlugin(t *testing.T) string {
	t.Helper()
	testkit.Tool(t, ".", "openssl", "version") // it runs openssl
	page, err := os.ReadFile("../../docs/keys/plugins.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```sh\n")
	require.True(t, found)
	script, _, found := strings.Cut(rest, "```\n")
	require.True(t, found)
	return script
}

// pluginWorld is a world whose configuration allows the plugin demo, as script.
// first is a line that it runs before it signs.
func pluginWorld(t *testing.T, first string) *world {
	t.Helper()
	w := newWorld(t)
	script := strings.Replace(demoPlugin(t), `"signMessage"'*)`+"\n", `"signMessage"'*)`+"\n"+first+"\n", 1)
	require.NoError(t, os.Mkdir(w.path("plugins"), 0o755))
	w.write("plugins/sigstore-kms-demo", []byte(script))
	require.NoError(t, os.Chmod(w.path("plugins/sigstore-kms-demo"), 0o755))
	w.configure("plugins: {dir: " + w.path("plugins") + ", allow: [demo]}\n")
	return w
}

func (w *world) configure(text string) {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(w.path("home/.config/stella"), 0o755))
	w.write("home/.config/stella/config.yaml", []byte(text))
}

func signWithPlugin(w *world, more ...string) call {
	return stella("sign", "sbom", "sbom.cdx.json", "--key", "demo://"+w.path("p256.key"), "-o", "out/x").with(more...)
}

// TestPluginOfTheManual runs the plugin that the manual shows.
func TestPluginOfTheManual(t *testing.T) {
	w := pluginWorld(t, "")
	w.okay(signWithPlugin(w))
	w.ok("verify", "out/x", "--key", "p256.key.pub", "--subject", "sbom.cdx.json")
	w.ok("keys", "export", "--public", "demo://"+w.path("p256.key"), "-o", "out/exported")
	assert.Equal(t, string(w.read("p256.key.pub")), string(w.read("out/exported")))
	sum := sha256.Sum256(w.read("plugins/sigstore-kms-demo"))
	w.configure(fmt.Sprintf("plugins:\n  dir: %s\n  allow:\n  - demo@sha256:%x\n", w.path("plugins"), sum))
	w.okay(signWithPlugin(w, "--force"))
}

// TestPluginRefusals is about what keeps a plugin from being started at all.
func TestPluginRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		prepare func(w *world)
		more    []string
		status  int
		says    string
	}{
		"not allowed": {func(w *world) { w.configure("plugins: {dir: " + w.path("plugins") + "}\n") }, nil, 2, `add "demo" to the setting plugins.allow`},
		"offline":     {func(*world) {}, []string{"--offline"}, 5, "the network is forbidden"},
		"only in PATH": {
			func(w *world) { w.configure("plugins: {allow: [demo]}\n") }, nil, 1, "is not installed",
		},
		"others can write it": {
			func(w *world) { require.NoError(w.t, os.Chmod(w.path("plugins/sigstore-kms-demo"), 0o777)) }, nil, 2,
			"can be written by other users",
		},
		"others can replace it": {
			func(w *world) { require.NoError(w.t, os.Chmod(w.path("plugins"), 0o777)) }, nil, 2, "can be written by other users",
		},
		"another program": {
			func(w *world) {
				w.configure("plugins: {dir: " + w.path("plugins") + ", allow: [\"demo@sha256:" + strings.Repeat("0", 64) + "\"]}\n")
			}, nil, 2, "is not the program that the configuration allows",
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := pluginWorld(t, "")
			script := strings.Replace(string(w.read("plugins/sigstore-kms-demo")), "#!/bin/sh\n", "#!/bin/sh\n: >"+w.path("out/started")+"\n", 1)
			w.write("plugins/sigstore-kms-demo", []byte(script))
			row.prepare(w)
			c := signWithPlugin(w, row.more...)
			c.env = []string{"PATH=" + w.path("plugins") + ":" + os.Getenv("PATH")}
			o := w.run(c)
			assert.Equal(t, row.status, o.status, "%s", o)
			assert.Contains(t, o.stderr, row.says)
			assert.NoFileExists(t, w.path("out/started"))
			assert.NoFileExists(t, w.path("out/x"))
		})
	}
}

// TestPluginMisbehaviour is about plugins that run and do not do as they should.
func TestPluginMisbehaviour(t *testing.T) {
	for name, row := range map[string]struct {
		first string // what the plugin does before it signs
		says  string
	}{
		"floods standard output":  {"exec yes", "wrote more than 1048576 bytes"},
		"ends with status 1":      {"trap 'exit 1' EXIT", "ended with status 1"},
		"is killed":               {"kill -9 $$", "was ended by a signal"},
		"gives a wrong signature": {"cat >/dev/null; exec </dev/null", "key.self_test"},
		"uses another key":        {"key=other.key", "key.self_test"},
		"turns to another key":    {"if [ -e out/signed ]; then key=other.key; fi; : >out/signed", "does not verify with the key's public half"},
		"says nothing":            {"exit 0", "not of the plugin protocol"},
		"says why":                {`printf '{"errorMessage":"key.not_found: \\u001b[2J gone"}'; exit 1`, `says: \x1b[2J gone`},
		"leaves a process behind": {"sleep 20 &", "left a process behind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := pluginWorld(t, row.first)
			o := w.run(signWithPlugin(w, "--format", "json"))
			assert.Contains(t, []int{1, 4}, o.status, "%s", o)
			var failure struct {
				Error struct{ Reason, Message, Hint string } `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(o.stderr), &failure, json.MatchCaseInsensitiveNames(true)), "%s", o)
			assert.Contains(t, failure.Error.Reason+" "+failure.Error.Message, row.says)
			assert.NotContains(t, o.stderr, "\x1b")
			assert.NoFileExists(t, w.path("out/x"))
		})
	}
}

// TestPluginTalk is about what a plugin says to people.
func TestPluginTalk(t *testing.T) {
	w := pluginWorld(t, `printf '\033[2Jtouch\342\200\256 the token\n::error::x\n' >&2`)
	o := w.okay(signWithPlugin(w))
	assert.Contains(t, o.stderr, `stella: plugin demo: \x1b[2Jtouch\u202e the token`+"\n")
	assert.NotContains(t, o.stderr, "\x1b")
	assert.NotContains(t, o.stderr, "\n::error")
	o = w.okay(signWithPlugin(w, "--force", "--format", "json"))
	assert.Empty(t, o.stderr)
	o = w.okay(signWithPlugin(w, "--force", "-q"))
	assert.Empty(t, o.stderr)
}

// TestPluginHangs interrupts a command whose plugin does not answer: both end.
func TestPluginHangs(t *testing.T) {
	for name, s := range signals() {
		t.Run(name, func(t *testing.T) {
			w := pluginWorld(t, "sleep 600 & echo $! >out/pid.tmp; mv out/pid.tmp out/pid; wait")
			r := w.start(signWithPlugin(w), func(*exec.Cmd) {})
			require.Eventually(t, func() bool { _, err := os.Stat(w.path("out/pid")); return err == nil }, patience, 10*time.Millisecond)
			pid, err := strconv.Atoi(strings.TrimSpace(string(w.read("out/pid"))))
			require.NoError(t, err)
			require.NoError(t, r.cmd.Process.Signal(s.signal))
			begin := time.Now()
			_ = r.cmd.Wait() // the exit status tells
			assert.Equal(t, s.want.status, r.cmd.ProcessState.ExitCode())
			assert.Less(t, time.Since(begin), 5*time.Second)
			assert.Eventually(t, func() bool { return !alive(pid) }, 5*time.Second, 10*time.Millisecond, "the plugin's child outlived it")
			assert.NoFileExists(t, w.path("out/x"))
		})
	}
}

// alive reports whether a process runs; one that has ended may still wait for
// its parent to ask.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
