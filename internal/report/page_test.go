package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

func asPage(t testing.TB, whole *verify.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewPage(t.Context(), &b, options()), whole)
	return b.Bytes()
}

// TestEveryValueGoesThroughAFunction reads the page's templates: nothing is printed
// but through the functions that make it fit to be read.
func TestEveryValueGoesThroughAFunction(t *testing.T) {
	trees := make(map[string]*parse.Tree)
	for _, name := range []string{"page/page.html", "page/case.html"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		p := parse.New(name)
		p.Mode = parse.SkipFuncCheck
		_, err = p.Parse(string(text), "", "", trees)
		require.NoError(t, err)
	}
	safe := regexp.MustCompile(`^\{\{(show|say|source|finding|proof|style|hash|word|title|outcome|glyph|status|sign|class|instant|date|day|authority|rule|filled|ordinal|number|count|bytes|more|window|label|px|whole|nth|entries|moment) |^\{\{(style|hash|\.Number)\}\}$`)
	printed := 0
	for _, tree := range trees {
		eachAction(tree.Root, func(action string) {
			printed++
			assert.Regexp(t, safe, action, "in %s", tree.Name)
		})
	}
	assert.Greater(t, printed, 200)
}

// eachAction visits what a template prints.
func eachAction(n parse.Node, visit func(string)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			eachAction(child, visit)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			visit(n.String())
		}
	case *parse.IfNode:
		eachAction(n.List, visit)
		eachAction(n.ElseList, visit)
	case *parse.RangeNode:
		eachAction(n.List, visit)
		eachAction(n.ElseList, visit)
	case *parse.WithNode:
		eachAction(n.List, visit)
		eachAction(n.ElseList, visit)
	}
}

func TestPageIsSelfContained(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			text := string(asPage(t, whole))
			style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(text, -1)
			require.Len(t, style, 1)
			sum := sha256.Sum256([]byte(style[0][1]))
			policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="(.*?)">`).FindStringSubmatch(text)
			require.NotNil(t, policy)
			assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'", html.UnescapeString(policy[1]))
			assert.Less(t, strings.Index(text, "Content-Security-Policy"), 120, "before anything that it could stop")
			assert.NotRegexp(t, `(?i)<(script|link|img|iframe|object|embed|base|form|svg)\b|\bsrc=|\bon[a-z]+=|@import|url\(`, text)
			for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(text, -1) {
				assert.Regexp(t, `^#payload-\d+$`, href[1])
			}
			assert.Equal(t, string(asPage(t, whole)), text, "the same verdict is the same page")
		})
	}
}

// TestPageAgrees holds the page to the verdict, check by check.
func TestPageAgrees(t *testing.T) {
	row := regexp.MustCompile(`<tr><td><span class="status [a-z]+"><span aria-hidden="true">.</span> ([a-z ]+)</span></td><th scope="row">(.*?)</th><td>(.*?)</td></tr>`)
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			text := string(asPage(t, whole))
			assert.Less(t, strings.Index(text, "<h1>"), strings.Index(text, "<main>"), "the verdict comes first")
			h1 := map[bool]string{true: "✓</span> Verified</h1>", false: "✗</span> Not verified</h1>"}[whole.Verified]
			assert.Contains(t, text, h1)
			if !whole.Verified {
				assert.Contains(t, text, fmt.Sprintf("The reason that decides is %s:", whole.Reason))
				assert.Contains(t, text, fmt.Sprintf("Exit status %d.", whole.Exit))
			}
			for i, r := range whole.Results {
				_, article, found := strings.Cut(text, fmt.Sprintf(`<h3 id="payload-%d">`, i+1))
				require.True(t, found)
				checks, _, _ := strings.Cut(article, "</table>")
				rows := row.FindAllStringSubmatch(checks, -1)
				require.Len(t, rows, len(r.Checks))
				for k, c := range r.Checks {
					assert.Equal(t, report.StatusWord(c.Status), rows[k][1])
					assert.Equal(t, c.Name, html.UnescapeString(rows[k][2]))
					assert.Contains(t, html.UnescapeString(rows[k][3]), c.Message)
					assert.Contains(t, rows[k][3], string(c.Reason))
				}
			}
		})
	}
}

// Whatever the count, a page can be opened: passes are bounded, and then failures.
func TestPageIsBounded(t *testing.T) {
	whole := keyless()
	good, bad := whole.Results[0], whole.Results[1]
	whole.Results = nil
	for range report.MaxPageResults + 300 {
		whole.Results = append(whole.Results, good, bad)
	}
	text := string(asPage(t, whole))
	assert.Equal(t, report.MaxPageResults/2, strings.Count(text, `<article class="payload passed"`))
	assert.Equal(t, report.MaxPageResults+300, strings.Count(text, `<article class="payload failed"`), "failures are shown on")
	assert.Contains(t, text, "500 of 1,000 payloads are not verified.")
	assert.Contains(t, text, "100 of them are shown here. The formats json and ndjson have all.")
	assert.Less(t, strings.Index(text, `<article class="payload failed"`), strings.Index(text, `<article class="payload passed"`), "failures first")

	whole.Results = nil
	for range report.MaxPageFailures + 7 {
		whole.Results = append(whole.Results, bad)
	}
	text = string(asPage(t, whole))
	assert.Equal(t, report.MaxPageFailures, strings.Count(text, `<article class="payload failed"`))
	assert.Contains(t, text, "1,007 payloads not verified")
	assert.Contains(t, text, "1,000 of them are shown here.")
}

// A payload is bounded as well.
func TestPageBoundsAPayload(t *testing.T) {
	whole := keyless()
	r := &whole.Results[0]
	for range 1000 {
		r.Signers = append(r.Signers, r.Signers[1])
		r.Claims.Subjects = append(r.Claims.Subjects, r.Claims.Subjects[1])
		r.Evidence = append(r.Evidence, r.Evidence[0])
		r.Signers[0].Proofs = append(r.Signers[0].Proofs, r.Signers[0].Proofs[0])
	}
	text := string(asPage(t, whole))
	assert.Less(t, len(text), 200_000)
	for _, words := range []string{"and 953 further signatures", "and 952 further subjects", "and 951 further documents", "and 955 further proofs"} {
		assert.Contains(t, text, words)
	}
}

// TestHostilePage looks at the bytes; chromium_test.go asks a browser.
func TestHostilePage(t *testing.T) {
	plain := markup(string(asPage(t, hostileVerdict("x"))))
	for name, s := range hostileStrings() {
		t.Run(name, func(t *testing.T) {
			whole := hostileVerdict(s)
			text := string(asPage(t, whole))
			harmless(t, text)
			if s != "" { // what is empty is left out
				assert.True(t, slices.Equal(plain, markup(text)), "the elements are the same whatever the words")
			}
		})
	}
}

// markup is a page without its text: the tags, with what is in them.
func markup(text string) []string { return regexp.MustCompile(`<[^>]*>`).FindAllString(text, -1) }
