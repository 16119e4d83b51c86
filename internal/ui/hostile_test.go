package ui

import (
	"bytes"
	"encoding/json/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile is what evidence may try on the reader. want is how it is shown.
var hostile = map[string]struct{ in, want string }{
	"ansi colour":          {"a\x1b[31mred", `a\x1b[31mred`},
	"ansi clear screen":    {"\x1b[2J\x1b[H", `\x1b[2J\x1b[H`},
	"osc 8 link":           {"\x1b]8;;http://x\x1b\\go\x1b]8;;\x1b\\", `\x1b]8;;http://x\x1b\go\x1b]8;;\x1b\`},
	"osc 52 with bell":     {"\x1b]52;c;aGk=\a", `\x1b]52;c;aGk=\x07`},
	"c1 csi as code point": {"a\u009b31m", `a\u{9b}31m`},
	"c1 csi as raw byte":   {"a\x9b31m", `a\x9b31m`},
	"invalid utf-8":        {"\xc3\x28\xff", `\xc3(\xff`},
	"overlong slash":       {"\xc0\xaf", `\xc0\xaf`},
	"utf-16 surrogate":     {"\xed\xa0\x80", `\xed\xa0\x80`},
	"delete":               {"a\x7fb", `a\x7fb`},
	"nul":                  {"a\x00b", `a\x00b`},
	"backspace":            {"bad\b\b\bgood", `bad\x08\x08\x08good`},
	"carriage return":      {"bad\rgood", `bad\rgood`},
	"new line":             {"x\nstella: verified", `x\nstella: verified`},
	"tab":                  {"a\tb", `a\tb`},
	"vertical tab":         {"a\vb\fc", `a\x0bb\x0cc`},
	"next line":            {"a\u0085b", `a\u{85}b`},
	"line separators":      {"a\u2028b\u2029c", `a\u{2028}b\u{2029}c`},
	"bidi override":        {"a\u202ecod.exe", `a\u{202e}cod.exe`},
	"bidi isolates":        {"\u2066a\u2069", `\u{2066}a\u{2069}`},
	"bidi mark":            {"a\u200fb\u061cc", `a\u{200f}b\u{61c}c`},
	"zero width":           {"a\u200bb\u200dc\u2060d\ufeffe", `a\u{200b}b\u{200d}c\u{2060}d\u{feff}e`},
	"soft hyphen":          {"a\u00adb", `a\u{ad}b`},
	"tags":                 {"a\U000e0041\U000e007f", `a\u{e0041}\u{e007f}`},
	"variation selectors":  {"a\ufe0fb\U000e0101", `a\u{fe0f}b\u{e0101}`},
	"hangul filler":        {"a\u3164b\uffa0", `a\u{3164}b\u{ffa0}`},
	"braille blank":        {"a\u2800b", `a\u{2800}b`},
	"no-break space":       {"a\u00a0b", `a\u{a0}b`},
	"private use":          {"a\ue000b", `a\u{e000}b`},
	"noncharacter":         {"a\ufffeb", `a\u{fffe}b`},
	"replacement":          {"a\ufffdb", `a\u{fffd}b`},
	"leading mark":         {"\u0301a", `\u{301}a`},
	"piled marks":          {"e\u0301\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301" + `\u{301}\u{301}`},
	"github error":         {"::error::all good", `\x3a:error::all good`},
	"github after space":   {"  ::add-mask::x", `  \x3a:add-mask::x`},
	"github after newline": {"x\n::stop-commands::y", `x\n\x3a:stop-commands::y`},
	"github old style":     {"x ##[error]y", `x \x23#[error]y`},
	"azure":                {"##vso[task.complete]", `\x23#vso[task.complete]`},
	"teamcity":             {"##teamcity[x]", `\x23#teamcity[x]`},
	"honest letters":       {"Zażółć gęślą 東京 नमस्ते café", "Zażółć gęślą 東京 नमस्ते café"},
	"honest colons":        {"crate::module", "crate::module"},
	"backslash":            {`C:\temp`, `C:\temp`},
	"empty":                {"", ""},
}

func TestEscape(t *testing.T) {
	for name, row := range hostile {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, row.want, Escape(row.in))
			assert.Equal(t, row.want, Escape(row.want), "escaping twice")
		})
	}
}

func TestEscapeBoundsTheLength(t *testing.T) {
	got := Escape(strings.Repeat("a", maxShown+100))
	assert.Equal(t, strings.Repeat("a", maxShown)+"... (100 bytes more)", got)

	got = Escape(strings.Repeat("a", maxShown-1) + "é" + "b")
	assert.Equal(t, strings.Repeat("a", maxShown-1)+"... (3 bytes more)", got, "a letter is not cut in two")

	assert.Len(t, Escape(strings.Repeat("a", maxShown)), maxShown)
	assert.Less(t, len(Escape(strings.Repeat("\x00", 1<<20))), 5*maxShown)
	assert.Less(t, len(EscapeMessage(strings.Repeat("\x00", 1<<20))), 5*maxMessage)
}

// drawings is every way in which a string reaches a stream.
var drawings = map[string]func(u *UI, s string){
	"line":   func(u *UI, s string) { u.Out.Line(T("name "), Styled(Bad, s), T(s)) },
	"status": func(u *UI, s string) { u.Out.Status(Failed, T(s)) },
	"digest": func(u *UI, s string) { u.Out.Line(u.Out.Digest(s)) },
	"pairs":  func(u *UI, s string) { u.Out.Pairs(P("label", Styled(Good, s))) },
	"table": func(u *UI, s string) {
		u.Out.Table([]string{"A", "B"}, [][]Text{{T(s), T("x")}, {Styled(Warn, "y"), T(s)}})
	},
	"tree": func(u *UI, s string) {
		u.Out.Tree(Node{Line: []Text{T(s)}, Notes: [][]Text{{T(s)}}, Children: []Node{{Line: []Text{T(s)}}}})
	},
	"json":    func(u *UI, s string) { _ = u.Out.JSON(map[string]string{"k": s, s: "v"}) },
	"say":     func(u *UI, s string) { u.Say("about %s", s) },
	"detail":  func(u *UI, s string) { u.Detail("about %s", s) },
	"warning": func(u *UI, s string) { u.Warn("about %s", s) },
	"failure": func(u *UI, s string) {
		u.Fail(Failure{Code: 3, Reason: "r", Message: "about " + s, Hint: "try " + s, Details: map[string]string{"k": s}})
	},
}

// worlds is every kind of stream.
var worlds = map[string]Options{
	"pipe":            {},
	"terminal":        {StdoutWidth: 100, StderrWidth: 100, Getenv: env("LANG", "en_US.UTF-8")},
	"narrow terminal": {StdoutWidth: 24, StderrWidth: 24, Getenv: env("LANG", "en_US.UTF-8")},
	"latin-1":         {StdoutWidth: 80, StderrWidth: 80, Getenv: env("LANG", "de_DE.ISO-8859-1")},
	"forced colour":   {Getenv: env("CLICOLOR_FORCE", "1")},
	"json":            {JSON: true},
	"json terminal":   {JSON: true, StdoutWidth: 80, StderrWidth: 80, Getenv: env("LANG", "C")},
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

var ownColour = regexp.MustCompile("\x1b\\[[0-9;]*m")

func draw(t *testing.T, o Options, f func(*UI, string), s string) string {
	t.Helper()
	var both bytes.Buffer
	o.Stdout, o.Stderr, o.Verbose = &both, &both, true
	u := New(o)
	f(u, s)
	require.NoError(t, u.Flush())
	return both.String()
}

func TestNothingHostileReachesAStream(t *testing.T) {
	corpus := map[string]string{"overlong": strings.Repeat("\x1b[31m\u202e", 5000)}
	for name, row := range hostile {
		corpus[name] = row.in
	}
	for world, options := range worlds {
		for drawing, f := range drawings {
			t.Run(world+"/"+drawing, func(t *testing.T) {
				for name, s := range corpus {
					out := draw(t, options, f, s)
					harmlessBytes(t, name, out)
					plain := options
					plain.NoColor = true
					assert.Equal(t, draw(t, plain, f, s), ownColour.ReplaceAllString(out, ""), "%s: escapes that are not ours", name)
					assert.NotContains(t, draw(t, plain, f, s), "\x1b", name)
				}
			})
		}
	}
}

// harmlessBytes is written apart from unsafeRune, from the contracts' list.
func harmlessBytes(t *testing.T, name, out string) {
	t.Helper()
	require.True(t, utf8.ValidString(out), "%s: %q", name, out)
	for _, r := range ownColour.ReplaceAllString(out, "") {
		bad := r < ' ' && r != '\n' || r >= 0x7f && r <= 0x9f || // C0, DEL, C1
			r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || // zero width, separators, bidi
			r >= 0x2060 && r <= 0x206f || r == 0xfeff || r == 0x61c ||
			r >= 0xe0000 && r <= 0xe01ef // tags, selectors
		require.False(t, bad, "%s: %U in %q", name, r, out)
	}
	for line := range strings.Lines(ownColour.ReplaceAllString(out, "")) {
		require.False(t, strings.HasPrefix(strings.TrimLeft(line, " "), "::"), "%s: %q", name, line)
		require.NotRegexp(t, `(?i)##[a-z]*\[`, line, name)
	}
}

func TestASCIITerminalGetsASCII(t *testing.T) {
	for drawing, f := range drawings {
		for _, r := range draw(t, worlds["latin-1"], f, "naïve 東京 \U0001f600") {
			require.Less(t, r, rune(utf8.RuneSelf), drawing)
		}
	}
}

func TestJSONMeansTheSame(t *testing.T) {
	for name, row := range hostile {
		if !utf8.ValidString(row.in) {
			continue // JSON cannot say it
		}
		for world, options := range worlds {
			var back map[string]string
			out := draw(t, options, func(u *UI, s string) { _ = u.Out.JSON(map[string]string{"k": s}) }, row.in)
			require.NoError(t, json.Unmarshal([]byte(out), &back), "%s in %s: %s", name, world, out)
			assert.Equal(t, row.in, back["k"], "%s in %s", name, world)
		}
	}
}

// TestLongJSONTakesLinearTime ends in a second or so. Quadratic would be hours, and
// run into the time limit of all tests.
func TestLongJSONTakesLinearTime(t *testing.T) {
	for _, s := range []string{"#", ":", "[", "\u202e"} {
		out := draw(t, Options{}, func(u *UI, s string) { _ = u.Out.JSON(s) }, strings.Repeat(s, 1<<20))
		assert.Greater(t, len(out), 1<<20, "%q", s)
	}
}

func FuzzEscape(f *testing.F) {
	for _, row := range hostile {
		f.Add(row.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Escape(s)
		harmlessBytes(t, "fuzz", out)
		if strings.Contains(out, "\x1b") || strings.Contains(out, "\n") {
			t.Fatalf("%q", out)
		}
		if len(s) <= maxShown && len(out) <= maxShown && Escape(out) != out {
			t.Fatalf("not idempotent: %q, %q", out, Escape(out))
		}
	})
}
