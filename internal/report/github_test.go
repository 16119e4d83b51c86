package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

func asAnnotations(t testing.TB, whole *verify.Report) string {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewAnnotations(&b), whole)
	return b.String()
}

func asMarkdown(t testing.TB, room int, whole *verify.Report) string {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewMarkdown(&b, func() (int, error) { return room, nil }), whole)
	return b.String()
}

func TestAnnotations(t *testing.T) {
	all := verdicts(t)
	assert.Empty(t, asAnnotations(t, all["good"]))
	assert.Equal(t, `::error file=dist/attestations.intoto.jsonl,line=3,title=stella verify%3A subject.mismatch::subject: no subject of the statement is the demanded artifact
::warning file=dist/attestations.intoto.jsonl,line=2,title=stella verify%3A no evidence::ignored: an empty line
`, asAnnotations(t, keyless()))
	assert.Equal(t, "::error title=stella verify%3A signature.missing::there is no signature at all\n", asAnnotations(t, all["nothing checked"]))
}

// GitHub shows ten of a level; the tenth says how many there are.
func TestAnnotationsAreBounded(t *testing.T) {
	for _, n := range []int{10, 11, 500} {
		whole := keyless()
		bad := whole.Results[1]
		whole.Results = nil
		for range n {
			whole.Results = append(whole.Results, bad)
			whole.Ignored = append(whole.Ignored, whole.Ignored[0])
		}
		out := asAnnotations(t, whole)
		assert.Equal(t, 10, strings.Count(out, "::error "))
		assert.Equal(t, 10, strings.Count(out, "::warning "))
		assert.Equal(t, n > 10, strings.Contains(out, fmt.Sprintf("::%d further payloads are not verified\n", n-9)))
	}
}

// annotation is a command as the runner parses it: up to the first :: after the
// properties, which commas separate.
var annotation = regexp.MustCompile(`^::(error|warning) ((?:[a-z]+=[^,:]*,?)+)::(.*)$`)

// TestHostileAnnotations parses what is written as the runner does.
func TestHostileAnnotations(t *testing.T) {
	plain := strings.Count(asAnnotations(t, hostileVerdict("x")), "\n")
	decode := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace
	for name, s := range hostileStrings() {
		t.Run(name, func(t *testing.T) {
			whole := hostileVerdict(s)
			out := asAnnotations(t, whole)
			lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
			assert.Len(t, lines, plain, "%q", out)
			for _, line := range lines {
				parts := annotation.FindStringSubmatch(line)
				require.NotNil(t, parts, "%q", line)
				harmless(t, parts[3])
				for _, property := range strings.Split(parts[2], ",") {
					assert.Regexp(t, `^(file|line|title)=`, property)
				}
			}
			if s == "" {
				return
			}
			message := decode(annotation.FindStringSubmatch(lines[0])[3])
			assert.Equal(t, ui.EscapeMessage(strings.TrimSuffix(s+": "+s, ": ")), message)
		})
	}
}

// spans parses Markdown as GitHub does, far as that is published, and returns its
// code spans. Whatever else is somebody else's words fails the test.
func spans(t *testing.T, source string) (code []string, shape []string) {
	t.Helper()
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser()
	root := parser.Parse(text.NewReader([]byte(source)))
	require.NoError(t, ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n.Kind() {
		case ast.KindLink, ast.KindImage, ast.KindAutoLink, ast.KindRawHTML, ast.KindHTMLBlock, ast.KindFencedCodeBlock, ast.KindCodeBlock, ast.KindThematicBreak:
			assert.Fail(t, "markup that is not ours", "%s in %q", n.Kind(), source)
		case ast.KindText: // the words between spans
			return ast.WalkContinue, nil
		}
		shape = append(shape, n.Kind().String())
		if span, ok := n.(*ast.CodeSpan); ok {
			code = append(code, string(span.Text([]byte(source)))) //nolint:staticcheck // what replaces it is longer
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	}))
	return code, shape
}

// TestHostileMarkdown parses the summary: its structure is the same whatever the
// words, and the words are code.
func TestHostileMarkdown(t *testing.T) {
	_, plain := spans(t, asMarkdown(t, report.MaxMarkdown, hostileVerdict("x")))
	for name, s := range hostileStrings() {
		t.Run(name, func(t *testing.T) {
			out := asMarkdown(t, report.MaxMarkdown, hostileVerdict(s))
			harmless(t, out)
			code, shape := spans(t, out)
			if strings.TrimSpace(s) == "" {
				return // said as (empty)
			}
			assert.Equal(t, plain, shape)
			assert.Contains(t, code, ui.EscapeMessage(s))
			for _, words := range []string{"@octocat", "<script", "<img", "](http", "www."} {
				assert.NotContains(t, outside(out), words)
			}
		})
	}
}

// outside is Markdown without its code spans.
func outside(source string) string {
	return regexp.MustCompile("(?s)(`+)[^`].*?[^`]?(`+)").ReplaceAllString(source, "")
}

func TestMarkdownSaysTheVerdict(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			out := asMarkdown(t, report.MaxMarkdown, whole)
			assert.True(t, strings.HasPrefix(out, map[bool]string{true: "## ✓ stella verify: verified\n", false: "## ✗ stella verify: not verified\n"}[whole.Verified]))
			if !whole.Verified {
				assert.Contains(t, out, fmt.Sprintf("`%s`: ", whole.Reason))
				assert.Contains(t, out, fmt.Sprintf("Exit status %d.", whole.Exit))
			}
			assert.Equal(t, !whole.Compared, strings.Contains(out, "- **not compared with any artifact**"))
			for _, r := range whole.Results {
				for _, c := range r.Checks {
					assert.Equal(t, c.Status == verify.Failed, c.Status == verify.Failed && strings.Contains(out, fmt.Sprintf("`%s` failed, `%s`: `", c.Name, c.Reason)))
				}
			}
		})
	}
}

// A summary fits into the room that there is, whole lines only, and says what is
// left out.
func TestMarkdownIsBounded(t *testing.T) {
	whole := keyless()
	good, bad := whole.Results[0], whole.Results[1]
	whole.Results = nil
	for range 8000 {
		whole.Results = append(whole.Results, good, bad)
	}
	for _, room := range []int{8 << 10, 9 << 10, 100 << 10, 5 << 20} {
		out := asMarkdown(t, room, whole)
		assert.LessOrEqual(t, len(out), min(room, report.MaxMarkdown))
		assert.Greater(t, len(out), min(room, report.MaxMarkdown)*4/10, "the room is used")
		assert.Regexp(t, `\n- and \d+ more, which the formats json and ndjson list\n`, out)
		assert.Contains(t, out, "| 16000 | 8000 | 8000 |")
		if room < 10<<10 {
			spans(t, out)
		}
	}
	w := report.NewMarkdown(&bytes.Buffer{}, func() (int, error) { return 1000, nil })
	assert.ErrorContains(t, w.Close(whole), "no room")
	broken := errors.New("broken")
	w = report.NewMarkdown(&bytes.Buffer{}, func() (int, error) { return 0, broken })
	assert.ErrorIs(t, w.Close(whole), broken)
}
