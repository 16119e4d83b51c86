package cli

import (
	"bytes"
	"context"
	"encoding/json/v2"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/ui"
)

// world is an Env in memory.
type world struct {
	Env
	stdout, stderr bytes.Buffer
}

func newWorld(variables ...string) *world {
	w := &world{}
	w.Env = Env{
		Stdin:   strings.NewReader(""),
		Stdout:  &w.stdout,
		Stderr:  &w.stderr,
		Now:     func() time.Time { return time.Unix(0, 0) },
		Environ: func() []string { return variables },
		LookupEnv: func(name string) (string, bool) {
			for _, v := range variables {
				if value, ok := strings.CutPrefix(v, name+"="); ok {
					return value, true
				}
			}
			return "", false
		},
		Unsetenv:   func(string) error { return nil },
		Executable: os.Executable,
		Caller:     func() string { return "tester" },
		Terminal:   func() (ui.Terminal, error) { return nil, errors.New("no terminal in tests") },
	}
	return w
}

func TestMainInMemory(t *testing.T) {
	w := newWorld()
	assert.Equal(t, 0, Main([]string{"version"}, w.Env))
	assert.Contains(t, w.stdout.String(), "drivers")
	assert.Empty(t, w.stderr.String())

	w = newWorld()
	assert.Equal(t, 2, Main([]string{"vrsion"}, w.Env))
	assert.Empty(t, w.stdout.String())
	assert.Equal(t, "stella: error: unknown command \"vrsion\" for \"stella\"\nstella: hint: did you mean stella version?\n", w.stderr.String())
}

func TestRootHelpFitsOnAScreen(t *testing.T) {
	w := newWorld()
	require.Equal(t, 0, Main(nil, w.Env))
	assert.LessOrEqual(t, strings.Count(w.stdout.String(), "\n"), 22, "a terminal has 24 lines, of which the prompt takes two")
	assert.Equal(t, 2, strings.Count(w.stdout.String(), "\n  stella "), "two examples")
}

func TestExitStatusOfEveryReason(t *testing.T) {
	for _, e := range fault.Catalog() {
		w := newWorld()
		a := newApp(nil, w.Env)
		assert.Equal(t, e.Exit, a.finish(fault.New(e.Reason, "what went wrong")), e.Reason)
		assert.Equal(t, "stella: error: what went wrong\n", w.stderr.String())
	}
	assert.Equal(t, 0, newApp(nil, newWorld().Env).finish(nil))
	assert.Equal(t, 1, newApp(nil, newWorld().Env).finish(errors.New("plain")))
}

func TestFailureAsJSON(t *testing.T) {
	w := newWorld()
	inner := fault.New(fault.InputMalformed, "inner").WithHint("look there").With("offset", "7").With("path", "inner")
	err := fault.Wrap(fault.BundleMalformed, inner, "a\u202eb\x1b[31m").With("path", "outer")
	a := newApp([]string{"--format=json"}, w.Env)
	assert.Equal(t, 2, a.finish(err))

	var got map[string]ui.Failure
	require.NoError(t, json.Unmarshal(w.stderr.Bytes(), &got))
	assert.Equal(t, map[string]ui.Failure{"error": {
		Code: 2, Reason: "bundle.malformed", Message: "a\u202eb\x1b[31m: inner", Hint: "look there",
		Details: map[string]string{"path": "outer", "offset": "7"},
	}}, got)
	assert.NotContains(t, w.stderr.String(), "\x1b")
	assert.NotContains(t, w.stderr.String(), "\u202e")
}

func TestFormatOfFailuresBeforeAnythingIsParsed(t *testing.T) {
	tests := map[string]struct {
		args []string
		vars []string
		json bool
	}{
		"default":            {},
		"flag":               {[]string{"x", "--format", "json"}, nil, true},
		"flag with =":        {[]string{"--format=json", "x"}, nil, true},
		"last flag counts":   {[]string{"--format=json", "--format=text"}, nil, false},
		"environment":        {nil, []string{"STELLA_FORMAT=json"}, true},
		"flag beats it":      {[]string{"--format=text"}, []string{"STELLA_FORMAT=json"}, false},
		"argument after --":  {[]string{"--", "--format=json"}, nil, false},
		"flag without value": {[]string{"--format"}, nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.json, newApp(test.args, newWorld(test.vars...).Env).failureOptions().JSON)
		})
	}
}

func TestSettledShowsNothing(t *testing.T) {
	w := newWorld()
	a := newApp(nil, w.Env)
	assert.Equal(t, 3, a.finish(settled(fault.ExitRejected)))
	assert.Empty(t, w.stderr.String())
	require.NoError(t, settled(fault.ExitOK))
}

func TestVerdictThatCouldNotBeWrittenIsNotSettled(t *testing.T) {
	lost := fault.New(fault.OutputFailed, "lost")
	require.Equal(t, lost, afterFlush(settled(3), lost))
	require.Equal(t, lost, afterFlush(nil, lost))
	other := errors.New("other")
	require.Equal(t, other, afterFlush(other, lost))
	require.NoError(t, afterFlush(nil, nil))
	require.Error(t, afterFlush(settled(3), nil))
}

func TestPanicIsOneClearError(t *testing.T) {
	for _, verbose := range []bool{false, true} {
		w := newWorld()
		a := newApp(nil, w.Env)
		a.flags.verbose = verbose
		err := within(t.Context(), func(context.Context) error { panic("boom") })
		assert.Equal(t, 1, a.finish(err))
		assert.True(t, strings.HasPrefix(w.stderr.String(), "stella: error: internal error: boom\nstella: hint: this is a bug"))
		assert.Equal(t, verbose, strings.Contains(w.stderr.String(), "goroutine"))
	}
}

func TestInterruptDoesNotWaitForAStuckCommand(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stuck := make(chan struct{})
	defer close(stuck)
	start := time.Now()
	cancel(fault.New(fault.Interrupted, "interrupted"))
	err := within(ctx, func(context.Context) error { <-stuck; return nil })
	assert.Equal(t, fault.Interrupted, fault.ReasonOf(err))
	assert.Less(t, time.Since(start), 20*grace)
}

func TestCommandThatEndsInTimeKeepsItsResult(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fault.New(fault.Interrupted, "interrupted"))
	require.NoError(t, within(ctx, func(context.Context) error { return nil }))
}
