package ui

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
)

const digest = "sha256:9f2c00112233445566778899aabbccddeeff00112233445566778899aabb41aa"

func TestColourFollowsTheEnvironment(t *testing.T) {
	line := func(u *UI, s string) { u.Out.Line(Styled(Bad, s)) }
	tests := map[string]struct {
		options Options
		colour  bool
	}{
		"terminal":                 {Options{StdoutWidth: 80}, true},
		"pipe":                     {Options{}, false},
		"NO_COLOR":                 {Options{StdoutWidth: 80, Getenv: env("NO_COLOR", "1")}, false},
		"NO_COLOR beats FORCE":     {Options{Getenv: env("NO_COLOR", "1", "CLICOLOR_FORCE", "1")}, false},
		"dumb":                     {Options{StdoutWidth: 80, Getenv: env("TERM", "dumb")}, false},
		"CI":                       {Options{StdoutWidth: 80, Getenv: env("CI", "true")}, false},
		"CLICOLOR_FORCE in a pipe": {Options{Getenv: env("CLICOLOR_FORCE", "1")}, true},
		"CLICOLOR_FORCE=0":         {Options{Getenv: env("CLICOLOR_FORCE", "0")}, false},
		"CLICOLOR=0":               {Options{StdoutWidth: 80, Getenv: env("CLICOLOR", "0")}, false},
		"--no-color":               {Options{StdoutWidth: 80, NoColor: true}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := "bad\n"
			if test.colour {
				want = "\x1b[1;31mbad\x1b[m\n"
			}
			assert.Equal(t, want, draw(t, test.options, line, "bad"))
		})
	}
}

func TestGlyphs(t *testing.T) {
	all := func(u *UI, s string) {
		for _, st := range []Status{Passed, Failed, Warned, Skipped} {
			u.Out.Status(st, T(s))
		}
	}
	assert.Equal(t, "✓ x\n✗ x\n! x\n– x\n", draw(t, Options{Getenv: env("LC_ALL", "C.UTF-8")}, all, "x"))
	ascii := "[ok] x\n[FAIL] x\n[warn] x\n[skip] x\n"
	assert.Equal(t, ascii, draw(t, Options{Getenv: env("LC_ALL", "C", "LANG", "en_US.UTF-8")}, all, "x"), "LC_ALL wins")
	assert.Equal(t, ascii, draw(t, Options{Getenv: env("LANG", "en_US.UTF-8", "TERM", "dumb")}, all, "x"))
	assert.Equal(t, "✓ x\n✗ x\n! x\n– x\n", draw(t, Options{Getenv: env("LANG", "en_US.utf8")}, all, "x"))
}

func TestDigestIsShortOnlyOnATerminal(t *testing.T) {
	show := func(u *UI, s string) { u.Out.Line(u.Out.Digest(s)) }
	assert.Equal(t, digest+"\n", draw(t, Options{}, show, digest))
	assert.Equal(t, "sha256:9f2c…41aa\n", draw(t, Options{StdoutWidth: 80, Getenv: env("LANG", "C.UTF-8"), NoColor: true}, show, digest))
	assert.Equal(t, "sha256:9f2c..41aa\n", draw(t, Options{StdoutWidth: 80, NoColor: true}, show, digest))
	assert.Equal(t, "sha256:not hex but long enough\n", draw(t, Options{StdoutWidth: 80, NoColor: true}, show, "sha256:not hex but long enough"))
}

func TestNarrowTerminal(t *testing.T) {
	narrowed := Options{StdoutWidth: 24, NoColor: true, Getenv: env("LANG", "C.UTF-8")}
	table := func(u *UI, s string) {
		u.Out.Table([]string{"NAME", "VALUE"}, [][]Text{{T("one"), T("first words of any value")}, {T("two"), T(s)}})
	}
	assert.Equal(t, "NAME\n  one\nVALUE\n  first words of any\n  value\n\nNAME\n  two\nVALUE\n  x\n", draw(t, narrowed, table, "x"))
	assert.Equal(t, "NAME  VALUE\none   first words of any value\ntwo   x\n", draw(t, Options{}, table, "x"))

	long := func(u *UI, s string) { u.Out.Line(T("subject "), T(s), T(" is good")) }
	assert.Equal(t, "subject\n  "+digest+"\n  is good\n", draw(t, narrowed, long, digest), "a digest is never broken")
	assert.Equal(t, "subject "+digest+" is good\n", draw(t, Options{}, long, digest), "a pipe is never wrapped")

	columns := narrowed
	columns.StdoutWidth, columns.Getenv = 200, env("COLUMNS", "24")
	assert.Equal(t, "subject\n  "+digest+"\n  is good\n", draw(t, columns, long, digest), "COLUMNS counts")
}

func TestTree(t *testing.T) {
	failed := Failed
	tree := func(u *UI, s string) {
		u.Out.Tree(Node{
			Line: []Text{T("app")},
			Children: []Node{
				{Status: &failed, Line: []Text{T("SBOM " + s)}, Notes: [][]Text{{T("expected 1")}}},
				{Line: []Text{T("report")}},
			},
		})
	}
	assert.Equal(t, "app\n├─ ✗ SBOM x\n│    expected 1\n└─ report\n", draw(t, Options{Getenv: env("LANG", "C.UTF-8")}, tree, "x"))
	assert.Equal(t, "app\n|- [FAIL] SBOM x\n|         expected 1\n`- report\n", draw(t, Options{}, tree, "x"))
}

func TestWideLettersAlign(t *testing.T) {
	table := func(u *UI, s string) { u.Out.Table([]string{"A", "B"}, [][]Text{{T(s), T("1")}, {T("abcd"), T("2")}}) }
	assert.Equal(t, "A     B\n東京  1\nabcd  2\n", draw(t, Options{}, table, "東京"))
}

func TestTalkIsOneLineWithPrefix(t *testing.T) {
	assert.Equal(t, "stella: about a\\nb\n", draw(t, Options{}, drawings["say"], "a\nb"))
	assert.Equal(t, "stella: warning: about x\n", draw(t, Options{}, drawings["warning"], "x"))
	assert.Equal(t, "stella: error: about x\nstella: hint: try x\n", draw(t, Options{}, drawings["failure"], "x"))
	assert.Empty(t, draw(t, Options{Quiet: true}, drawings["say"], "x"))
	assert.NotEmpty(t, draw(t, Options{Quiet: true}, drawings["warning"], "x"))
	assert.NotEmpty(t, draw(t, Options{Quiet: true}, drawings["failure"], "x"))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestLostStreamIsAnError(t *testing.T) {
	for name, f := range map[string]func(p *Printer){
		"short": func(p *Printer) { p.Line(T("x")) },
		"long":  func(p *Printer) { p.Verbatim(strings.Repeat("x", 2*flushAt)); p.Line(T("more")) },
	} {
		t.Run(name, func(t *testing.T) {
			u := New(Options{Stdout: brokenPipe{}, Stderr: brokenPipe{}})
			f(u.Out)
			err := u.Flush()
			require.Error(t, err)
			assert.Equal(t, fault.OutputFailed, fault.ReasonOf(err))
			assert.Equal(t, "failed to write to standard output: the reader closed the pipe", err.Error())
		})
	}
}

func TestUnencodableResult(t *testing.T) {
	u := New(Options{Stdout: brokenPipe{}, Stderr: brokenPipe{}})
	err := u.Out.JSON(func() {})
	require.Error(t, err)
	assert.False(t, errors.Is(err, syscall.EPIPE))
}
