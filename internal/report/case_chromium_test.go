//go:build chromium

package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/testkit/chromium"
	"github.com/stellaops/stella/internal/ui"
)

// own are the elements of a case file beside those of a page.
func own() []string {
	return []string{"nav", "figure", "svg", "desc", "g", "path", "rect", "circle", "line", "text"}
}

// toSections is where the links of a case file go.
const toSections = `^#[a-z]+(-\d+)?$`

// TestInChromiumCaseFileIsInert renders a case that is hostile everywhere, with the
// page's policy and with the policy ignored.
func TestInChromiumCaseFileIsInert(t *testing.T) {
	b := chromium.Start(t)
	host, visits := canary(t)
	for name, s := range hostileStrings() {
		s = strings.ReplaceAll(s, "CANARY", host)
		text := string(asCase(t, hostileCase(s, s)))
		for _, ignore := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/policy ignored %v", name, ignore), func(t *testing.T) {
				url := pageFile(t, text)
				p := b.Open(url, chromium.Options{IgnorePolicy: ignore})
				defer p.Close()
				assertInert(t, p, url, toSections)
				var seen struct {
					Place, Found, Kind, Drawn string
					Elements                  []string
				}
				p.Eval(`({
					place: document.querySelector(".findings li:last-child strong").textContent,
					found: document.querySelector(".findings li:last-child strong ~ br").nextSibling?.textContent ?? "",
					kind: document.querySelector(".events tbody td:nth-child(3) br").nextSibling?.textContent ?? "",
					drawn: [...document.querySelectorAll("svg .mark title")].at(-1).textContent,
					elements: [...new Set([...document.querySelectorAll("*")].map(n => n.tagName.toLowerCase()))].sort(),
				})`, &seen)
				if s != "" {
					assert.Equal(t, ui.EscapeMessage(s+", line 1"), seen.Place)
				}
				assert.Equal(t, ui.EscapeMessage(s), seen.Found)
				assert.Equal(t, ui.Escape(s), seen.Kind)
				assert.Contains(t, seen.Drawn, "signature")
				assert.Empty(t, unexpected(seen.Elements, own()...), "elements that are not the page's")
			})
		}
	}
	assert.Zero(t, visits.Load(), "requests left")
}

// TestInChromiumCaseFileAccessibility holds case files, in every view, to axe-core's
// rules.
func TestInChromiumCaseFileAccessibility(t *testing.T) {
	script, err := os.ReadFile(axe)
	require.NoError(t, err, "scripts/axe gets it")
	b := chromium.Start(t)
	for name, a := range map[string]*aCase{"whole": wholeCase(), "plain": plainCase(t), "hostile": hostileCase(hostileStrings()["image"], "files/x")} {
		url := pageFile(t, string(asCase(t, a)))
		for view, options := range views() {
			if view != "light" && name != "whole" {
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

// TestInChromiumCaseFileOutline reads a case file as a screen reader does: landmarks,
// headings without a gap, drawings with a name and a description.
func TestInChromiumCaseFileOutline(t *testing.T) {
	b := chromium.Start(t)
	p := b.Open(pageFile(t, string(asCase(t, wholeCase()))), chromium.Options{})
	defer p.Close()
	var page struct{ Headings, Broken []string }
	p.Eval(`({
		headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter(n => n.checkVisibility()).map(n => n.tagName[1] + " " + n.textContent.trim()),
		broken: [...document.querySelectorAll("[href], [aria-labelledby]")].flatMap(n => (n.getAttribute("aria-labelledby") ?? n.getAttribute("href").slice(1)).split(" ")).filter(id => !document.getElementById(id)),
	})`, &page)
	assertOutline(t, page.Headings)
	assert.Empty(t, page.Broken, "links and names that lead nowhere")
	tree := assertRoles(t, p, "banner", "navigation", "main", "contentinfo", "table", "columnheader", "rowheader", "article", "region", "heading", "list", "listitem")
	assert.Contains(t, tree, "Events over time, a row for each category")
	assert.Contains(t, tree, "37 events from 2026-11-02T08:12:00Z to 2026-11-02T15:12:00Z")
}

// TestInChromiumCaseFileIsNotCutOff looks that no case file is wider than the screen:
// drawings scroll by themselves.
func TestInChromiumCaseFileIsNotCutOff(t *testing.T) {
	b := chromium.Start(t)
	deep := strings.Repeat("folder/", 60) + "file"
	for name, a := range map[string]*aCase{"whole": wholeCase(), "hostile": hostileCase(hostileStrings()["overlong word"], deep)} {
		assertFits(t, b, name, asCase(t, a))
	}
}

// TestInChromiumCaseFilePrints looks that a case file prints whole, closed folders and
// what the screen has not shown yet included.
func TestInChromiumCaseFilePrints(t *testing.T) {
	b := chromium.Start(t)
	a := wholeCase()
	for i := range 300 {
		a.whole.Results = append(a.whole.Results, failing(fmt.Sprintf("files/late/%d", i), 0, "checksum", fault.SnapshotChecksum, "it is another one"))
	}
	assertPrints(t, b, asCase(t, a),
		"Not verified", "Case CASE-7", "files/late/0", "files/late/299", "system-000.journal", "system-054.journal", "disk image by carol",
		"held to the manifest", "snapshot made", `{"decision":"block"}`, "taken back", "What is not established", "12 days old", "Reviewed", "stella case file", "page 1 of",
		a.whole.Results[0].Signers[0].KeyID)
}

// BenchmarkInChromiumCaseFile opens a case file of as many findings as it describes,
// and waits until the first screen is painted. Beside the time by the clock it gives the
// processor time of the browser's thread, which is the same on a busy machine.
func BenchmarkInChromiumCaseFile(b *testing.B) {
	a := wholeCase()
	for i := range report.MaxCaseFindings {
		path := fmt.Sprintf("files/host/%d/%d", i%100, i)
		a.entry(path, 100, forensic.EntryChanged)
		a.whole.Results = append(a.whole.Results, failing(path, 0, "checksum", fault.SnapshotChecksum,
			"it has sha256:"+strings.Repeat("0d", 32)+", and the manifest says sha256:"+strings.Repeat("7e", 32)))
	}
	text := asCase(b, a)
	url := pageFile(b, string(text))
	browser := chromium.Start(b)
	browser.Open(url, chromium.Options{}).Close() // its own start is not measured
	cpu := 0.0
	for b.Loop() {
		p := browser.Open(url, chromium.Options{})
		p.Eval(`new Promise(done => requestAnimationFrame(() => setTimeout(() => done(0))))`, nil)
		cpu += p.Metrics()["ThreadTime"]
		p.Close()
	}
	b.ReportMetric(cpu/float64(b.N)*1000, "ms-cpu/op")
	b.ReportMetric(float64(len(text))/1e6, "MB")
}

// layOutAll has the browser lay out also what is far below the window.
const layOutAll = `{
	const all = new CSSStyleSheet();
	all.replaceSync("* { content-visibility: visible !important }");
	document.adoptedStyleSheets = [all];
}`

// TestInChromiumCaseGallery leaves screenshots for people: they are looked at, not
// compared.
func TestInChromiumCaseGallery(t *testing.T) {
	require.NoError(t, os.MkdirAll(gallery, 0o755))
	b := chromium.Start(t)
	url := pageFile(t, string(asCase(t, wholeCase())))
	for view, options := range views() {
		p := b.Open(url, options)
		p.Eval(layOutAll, nil)
		shot := p.Screenshot()
		assert.Greater(t, len(shot), 10_000)
		require.NoError(t, os.WriteFile(filepath.Join(gallery, "case-"+view+".png"), shot, 0o600))
		if view == "light" {
			require.NoError(t, os.WriteFile(filepath.Join(gallery, "case.pdf"), p.PDF(), 0o600))
		}
		p.Close()
	}
}
