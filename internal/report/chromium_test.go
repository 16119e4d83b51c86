//go:build chromium

package report_test

import (
	"encoding/json/jsontext"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/testkit/chromium"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// axe is where scripts/axe puts axe-core.
const axe = "../../.cache/oracles/axe-4.14.1.min.js"

// gallery is where screenshots are left for people to look at.
const gallery = "../../.cache/pages"

// pageFile writes a page and returns its URL.
func pageFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return "file://" + path
}

// canary is a server that pages are lured to. It counts who comes.
func canary(t testing.TB) (host string, visits *atomic.Int64) {
	t.Helper()
	visits = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visits.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), visits
}

// TestInChromiumHostileStringsAreInert renders a verdict that is hostile everywhere
// and looks what a browser makes of it: with the page's policy, and with the policy
// ignored, so that each of the two defences holds alone.
func TestInChromiumHostileStringsAreInert(t *testing.T) {
	b := chromium.Start(t)
	host, visits := canary(t)
	for name, s := range hostileStrings() {
		s = strings.ReplaceAll(s, "CANARY", host)
		whole := hostileVerdict(s)
		text := string(asPage(t, whole))
		for _, ignore := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/policy ignored %v", name, ignore), func(t *testing.T) {
				url := pageFile(t, text)
				p := b.Open(url, chromium.Options{IgnorePolicy: ignore})
				defer p.Close()
				assertInert(t, p, url, toPayloads)
				var seen struct {
					Title, Heading, File, Holder, Predicate, Finding string
					Elements                                         []string
				}
				p.Eval(`({
					title: document.title,
					heading: document.querySelector("article.failed h3 .name").textContent,
					file: document.querySelector("article.failed .shape code").textContent,
					holder: document.querySelector("article.failed .signers strong").textContent,
					predicate: [...document.querySelectorAll("article.failed dt")].find(n => n.textContent == "predicate type")?.nextElementSibling.textContent ?? "",
					finding: document.querySelector("article.failed .checks tbody td:last-child").textContent,
					elements: [...new Set([...document.querySelectorAll("*")].map(n => n.tagName.toLowerCase()))].sort(),
				})`, &seen)
				assert.Equal(t, ui.Escape(report.ResultName(&whole.Results[1])), seen.Heading)
				assert.Equal(t, ui.Escape(s+", line 1"), seen.File)
				assert.Equal(t, ui.Escape(report.SignerName(&whole.Results[1].Signers[0])), seen.Holder)
				assert.Equal(t, ui.Escape(s), seen.Predicate)
				assert.Equal(t, ui.EscapeMessage(s), seen.Finding)
				assert.Equal(t, "Not verified – stella verification report of 2026-11-23 12:00:00 UTC", seen.Title)
				assert.Empty(t, unexpected(seen.Elements), "elements that are not the page's")
			})
		}
	}
	assert.Zero(t, visits.Load(), "requests left")
}

// unexpected returns the elements that the page does not have of itself; more are those
// that another one has beside.
func unexpected(elements []string, more ...string) []string {
	own := " a article body br caption code dd details div dl dt footer h1 h2 h3 h4 head header html li main meta ol p section span strong style summary table tbody td th thead time title tr ul "
	var out []string
	for _, e := range elements {
		if !strings.Contains(own, " "+e+" ") && !slices.Contains(more, e) {
			out = append(out, e)
		}
	}
	return out
}

// toPayloads is where the links of a page go, as JavaScript matches it.
const toPayloads = `^#payload-\d+$`

// assertInert asserts that a page is what it was loaded as and nothing more, and that its
// links go where they should.
func assertInert(t *testing.T, p *chromium.Page, url, links string) {
	t.Helper()
	var state struct {
		Pwned, URL                    string
		Links, Handlers, Sources, All int
	}
	p.Eval(`({
		pwned: String(window.pwned ?? ""), url: location.href,
		links: [...document.querySelectorAll("[href]")].filter(n => !n.getAttribute("href").match(/`+links+`/)).length,
		handlers: [...document.querySelectorAll("*")].filter(n => [...n.attributes].some(a => a.name.startsWith("on") || a.name == "style")).length,
		sources: document.querySelectorAll("[src], [srcset], script, link, iframe, object, embed, form, input, base, img, image, use").length,
		all: document.querySelectorAll("*").length,
	})`, &state)
	assert.Empty(t, state.Pwned)
	assert.Equal(t, url, state.URL)
	assert.Zero(t, state.Links, "links that lead elsewhere")
	assert.Zero(t, state.Handlers)
	assert.Zero(t, state.Sources)
	assert.Positive(t, state.All)
	assert.Equal(t, []string{url}, p.Requests(), "nothing is asked for but the page")
	for _, method := range []string{"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded", "Page.javascriptDialogOpening", "Page.windowOpen"} {
		assert.Empty(t, p.Events(method), method)
	}
}

// TestInChromiumTheTestsSeeWhatTheyLookFor shows the same strings as a page that does
// not escape: then requests do leave and scripts do run.
func TestInChromiumTheTestsSeeWhatTheyLookFor(t *testing.T) {
	b := chromium.Start(t)
	host, visits := canary(t)
	text := `<!DOCTYPE html><script>function pwned(x) { window.pwned = "by " + x }</script>` + strings.ReplaceAll(hostileStrings()["loads"], "CANARY", host) + hostileStrings()["script"]
	p := b.Open(pageFile(t, text), chromium.Options{})
	defer p.Close()
	var pwned string
	p.Eval(`window.pwned`, &pwned)
	assert.Equal(t, "by script", pwned)
	assert.Positive(t, visits.Load())
	assert.Greater(t, len(p.Requests()), 1)

	guarded := strings.Replace(text, "<script>", `<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><script>`, 1)
	p = b.Open(pageFile(t, guarded), chromium.Options{})
	p.Eval(`String(window.pwned ?? "")`, &pwned)
	assert.Empty(t, pwned, "the policy alone stops it")
	assert.NotEmpty(t, p.Events("Log.entryAdded"), "and says so")
}

// TestInChromiumThePolicyAllowsItsStyle looks that the one style sheet is in force.
func TestInChromiumThePolicyAllowsItsStyle(t *testing.T) {
	b := chromium.Start(t)
	p := b.Open(pageFile(t, string(asPage(t, keyless()))), chromium.Options{})
	defer p.Close()
	var width string
	p.Eval(`getComputedStyle(document.querySelector(".verdict")).borderLeftWidth`, &width)
	assert.NotEqual(t, "0px", width)
}

// views are how a page is looked at.
func views() map[string]chromium.Options {
	return map[string]chromium.Options{
		"light":       {},
		"dark":        {Dark: true},
		"narrow":      {Width: 360},
		"narrow-dark": {Width: 360, Dark: true},
		"print":       {Print: true, Width: 720},
	}
}

// TestInChromiumAccessibility holds every kind of page, in every view, to axe-core's
// rules: all of WCAG 2.2 A and AA that a program can judge, and good practice.
func TestInChromiumAccessibility(t *testing.T) {
	script, err := os.ReadFile(axe)
	require.NoError(t, err, "scripts/axe gets it")
	b := chromium.Start(t)
	pages := verdicts(t)
	pages["hostile"] = hostileVerdict(hostileStrings()["image"])
	for name, whole := range pages {
		url := pageFile(t, string(asPage(t, whole)))
		for view, options := range views() {
			if view != "light" && name != "keyless" && name != "good" && name != "hostile" {
				continue // the rest is of the same parts
			}
			t.Run(name+"/"+view, func(t *testing.T) {
				p := b.Open(url, options)
				defer p.Close()
				p.Eval(string(script), nil)
				assertAccessible(t, p)
			})
		}
	}
}

// assertAccessible asks axe-core, which is in the page already.
func assertAccessible(t *testing.T, p *chromium.Page) {
	t.Helper()
	var found struct {
		Violations, Passes []struct {
			ID, Help string
			Nodes    []struct {
				HTML           string
				FailureSummary string
			}
		}
	}
	p.Eval(`axe.run(document, {resultTypes: ["violations", "passes"]})`, &found)
	assert.Greater(t, len(found.Passes), 15, "rules that had something to judge")
	for _, v := range found.Violations {
		t.Errorf("%s: %s: %v", v.ID, v.Help, v.Nodes)
	}
}

// TestInChromiumOutline reads the page as a screen reader does: landmarks, headings
// without a gap, tables with heads, and a word for every colour.
func TestInChromiumOutline(t *testing.T) {
	b := chromium.Start(t)
	p := b.Open(pageFile(t, string(asPage(t, keyless()))), chromium.Options{})
	defer p.Close()
	var page struct {
		Headings  []string
		Statuses  []string
		Captioned int
		Overflow  int
	}
	p.Eval(`({
		headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(n => n.checkVisibility()).map(n => n.tagName[1] + " " + n.textContent.trim()),
		statuses: [...new Set([...document.querySelectorAll(".status")].map(n => n.textContent.replace(/^\W+/, "")))].sort(),
		captioned: [...document.querySelectorAll("table")].filter(t => !t.caption && !t.closest("section").querySelector("h2")).length,
	})`, &page)
	assertOutline(t, page.Headings)
	assert.Equal(t, []string{"counts", "counts for nothing", "does not count", "failed", "matches", "no match", "not demanded", "not run", "not verified", "passed", "verified"}, page.Statuses)
	assert.Zero(t, page.Captioned, "a table without a name")

	assertRoles(t, p, "banner", "main", "contentinfo", "table", "columnheader", "rowheader", "article", "region", "heading")
}

// assertOutline demands headings that begin with the verdict and skip no level.
func assertOutline(t *testing.T, headings []string) {
	t.Helper()
	assert.Equal(t, "1 ✗ Not verified", headings[0])
	level := byte('1')
	for _, h := range headings {
		assert.LessOrEqual(t, h[0], level+1, "a level is skipped before %q", h)
		level = h[0]
	}
}

// assertRoles demands elements of these roles in the accessibility tree, and returns it.
func assertRoles(t *testing.T, p *chromium.Page, roles ...string) (tree string) {
	t.Helper()
	var text jsontext.Value
	p.AXTree(&text)
	for _, role := range roles {
		assert.Contains(t, string(text), `"value":"`+role+`"`)
	}
	return string(text)
}

// TestInChromiumNothingIsCutOff looks that no page is wider than the screen, whatever
// is in it.
func TestInChromiumNothingIsCutOff(t *testing.T) {
	b := chromium.Start(t)
	for name, whole := range map[string]*verify.Report{"keyless": keyless(), "hostile": hostileVerdict(hostileStrings()["overlong word"])} {
		assertFits(t, b, name, asPage(t, whole))
	}
}

// assertFits demands that a page is no wider than any usual screen.
func assertFits(t *testing.T, b *chromium.Browser, name string, page []byte) {
	t.Helper()
	url := pageFile(t, string(page))
	for _, width := range []int{320, 360, 768, 1100} {
		p := b.Open(url, chromium.Options{Width: width})
		var scroll int
		p.Eval(`document.documentElement.scrollWidth`, &scroll)
		p.Close()
		assert.LessOrEqual(t, scroll, width, "%s at %d", name, width)
	}
}

// TestInChromiumPrints looks that a page prints whole: all that is on the screen is
// on paper.
func TestInChromiumPrints(t *testing.T) {
	b := chromium.Start(t)
	whole := keyless()
	assertPrints(t, b, asPage(t, whole),
		"Not verified", "What is not established", "sourceRepositoryURI", "81234567", "timestamp.invalid", "Reviewed", "page 1 of",
		whole.Results[0].Signers[0].KeyID, whole.Results[0].Claims.Subjects[0].Digest["sha512"])
}

// assertPrints demands all of these words on paper, also of a dark page.
func assertPrints(t *testing.T, b *chromium.Browser, page []byte, words ...string) {
	t.Helper()
	p := b.Open(pageFile(t, string(page)), chromium.Options{Dark: true})
	defer p.Close()
	text := printed(t, p)
	for _, w := range words {
		assert.True(t, strings.Contains(text, strings.ReplaceAll(w, " ", "")), "%s is not printed", w)
	}
}

// printed returns the text of a page as it prints, without spaces.
func printed(t *testing.T, p *chromium.Page) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.pdf")
	require.NoError(t, os.WriteFile(path, p.PDF(), 0o600))
	out, err := exec.Command("pdftotext", "-layout", path, "-").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.Join(strings.Fields(string(out)), "")
}

// TestInChromiumGallery leaves screenshots for people: they are looked at, not compared.
func TestInChromiumGallery(t *testing.T) {
	require.NoError(t, os.MkdirAll(gallery, 0o755))
	b := chromium.Start(t)
	for name, whole := range map[string]*verify.Report{"everything": keyless(), "workflow": worldly(t)} {
		file := filepath.Join(gallery, name)
		url := pageFile(t, string(asPage(t, whole)))
		for view, options := range views() {
			p := b.Open(url, options)
			shot := p.Screenshot()
			assert.Greater(t, len(shot), 10_000)
			require.NoError(t, os.WriteFile(file+"-"+view+".png", shot, 0o600))
			if view == "light" {
				require.NoError(t, os.WriteFile(file+".pdf", p.PDF(), 0o600))
			}
			p.Close()
		}
	}
}
