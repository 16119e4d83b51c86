package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/forensic"
	"github.com/stellaops/stella/internal/forensic/timeline"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

func TestCaseFileIsSelfContained(t *testing.T) {
	for name, a := range map[string]*aCase{"whole": wholeCase(), "plain": plainCase(t)} {
		t.Run(name, func(t *testing.T) {
			text := string(asCase(t, a))
			style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(text, -1)
			require.Len(t, style, 1)
			sum := sha256.Sum256([]byte(style[0][1]))
			policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="(.*?)">`).FindStringSubmatch(text)
			require.NotNil(t, policy)
			assert.Equal(t, "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; base-uri 'none'; form-action 'none'", html.UnescapeString(policy[1]))
			assert.Less(t, strings.Index(text, "Content-Security-Policy"), 120, "before anything that it could stop")
			assert.NotRegexp(t, `(?i)<(script|link|img|iframe|object|embed|base|form|use|image|foreignObject)\b|\bsrc=|xlink:|\bon[a-z]+=|\bstyle=|@import|url\(`, text)
			for _, href := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(text, -1) {
				require.Regexp(t, `^#[a-z]+(-\d+)?$`, href[1])
				assert.Contains(t, text, `id="`+href[1][1:]+`"`, "a link goes somewhere")
			}
			ids := regexp.MustCompile(` id="([^"]*)"`).FindAllString(text, -1)
			assert.Len(t, slices.Compact(slices.Sorted(slices.Values(ids))), len(ids), "ids are unique")
			assert.Equal(t, string(asCase(t, a)), text, "the same verdict is the same page")
		})
	}
}

// finding is a failed check as a case file has it.
type finding struct{ place, check, reason, found, do string }

func findingsOf(text string) []finding {
	var out []finding
	for _, m := range regexp.MustCompile(`<li><strong>(.*?)</strong> (.*?) <code>(.*?)</code><br>(.*?)<br><span class="hint">What to do: (.*?)</span>`).FindAllStringSubmatch(text, -1) {
		f := finding{m[1], m[2], m[3], m[4], m[5]}
		for _, s := range []*string{&f.place, &f.check, &f.found} {
			*s = html.UnescapeString(*s)
		}
		out = append(out, f)
	}
	return out
}

// Everything that is wrong is told before anything else, each with its place, what was
// found and what to do.
func TestCaseFileSaysFirstWhatIsWrong(t *testing.T) {
	a := wholeCase()
	text := string(asCase(t, a))
	findings := findingsOf(text)
	i := 0
	for _, r := range a.whole.Results {
		for _, c := range r.Checks {
			if c.Status != verify.Failed {
				continue
			}
			require.Less(t, i, len(findings))
			f := findings[i]
			i++
			place := r.Evidence[0].Member
			if place == "" {
				place = "the snapshot as a whole"
			}
			assert.True(t, strings.HasPrefix(f.place, place), "%q, want %q", f.place, place)
			assert.Equal(t, c.Name, f.check)
			assert.Equal(t, string(c.Reason), f.reason)
			assert.Equal(t, c.Message, f.found)
			assert.Greater(t, len(f.do), 10)
		}
	}
	assert.Len(t, findings, i)
	assert.Contains(t, findings[len(findings)-1].place, ", line 3")
	last := strings.LastIndex(text, `<ol class="findings"`)
	for _, id := range []string{"snapshot", "limits", "basis", "entries", "timeline", "signers", "failed", "passed", "trust", "words"} {
		at := strings.Index(text, `<h2 id="`+id+`">`)
		require.Positive(t, at, id)
		assert.Less(t, last, at, "%s stands in order", id)
		last = at
	}
	assert.Contains(t, text, "7 checks failed, in 7 places.")
	assert.Contains(t, text, "The reason that decides is subject.mismatch:")
	assert.Contains(t, text, "Exit status 3.")
	assert.Contains(t, text, `What to do: ask for evidence about this build</span> <a href="#payload-3">`)
}

func TestCaseFileInWhichNothingIsWrong(t *testing.T) {
	text := string(asCase(t, plainCase(t)))
	assert.Contains(t, text, "✓</span> Verified</h1>")
	assert.Contains(t, text, "Every demanded check passed: 3 entries are as listed, and 1 signed document.")
	assert.Contains(t, text, "Nothing that was demanded was found to be wrong.")
	assert.Empty(t, findingsOf(text))
	assert.NotContains(t, text, "(claimed)")
	assert.NotContains(t, text, `<h2 id="timeline">`)
	assert.Contains(t, text, `<h2 id="limits">What is not established</h2>`)
}

// Without a verified signature the manifest is nobody's word, and so is the case id.
func TestCaseFileOfWhatNobodySigned(t *testing.T) {
	a := plainCase(t)
	w := newWorld(t)
	whole := w.sealed("app", w.stray).judged(nil)
	whole.Results[0].Evidence[0] = verify.Source{File: "case-7.tar.zst", Member: forensic.SignatureName}
	a.whole = whole
	text := string(asCase(t, a))
	assert.Contains(t, text, `<strong>CASE-7</strong> <span class="note">(claimed)</span>`)
	assert.Contains(t, text, "Nobody who is trusted vouches for what the manifest says")
	assert.Contains(t, text, "counts for nothing")
	assert.Contains(t, text, "not known: nobody who is trusted vouches for it")
}

func TestCaseFileHasEveryEntry(t *testing.T) {
	a := wholeCase()
	text := string(asCase(t, a))
	_, tree, found := strings.Cut(text, `<ul class="tree">`)
	require.True(t, found)
	tree, _, _ = strings.Cut(tree, "</section>")
	count := make(map[string]int)
	for _, m := range regexp.MustCompile(`<li class="entry"><span class="status [a-z]+"><span aria-hidden="true">.</span> ([a-z ]+)</span>`).FindAllStringSubmatch(tree, -1) {
		count[m[1]]++
	}
	assert.Equal(t, map[string]int{"as listed": 61, "changed": 1, "missing": 1, "unlisted": 1}, count)
	assert.Contains(t, tree, `<span class="name">journal/</span> 55 entries, 48,209,865 bytes</summary>`)
	assert.Contains(t, tree, `<span class="name">files/</span> 58 entries, 48,261,987 bytes <span class="status failed"><span aria-hidden="true">✗</span> 3 not as listed</span>`)
	assert.Contains(t, tree, `system-000.journal · called host/var/log/journal/system#000.journal · 876,543 bytes<br><code>7e7e`)
	assert.Contains(t, tree, `app.sigstore.json · 4,711 bytes · signed: <a href="#payload-2">verified</a>`)
	assert.Contains(t, tree, `old.intoto.jsonl · 4,711 bytes · signed: <a href="#payload-3">not verified</a>`)
	assert.NotContains(t, tree, "not shown")
}

// What a redaction notice takes back is not shown, also while it is still in the file.
func TestCaseFileShowsNothingThatWasTakenBack(t *testing.T) {
	a := plainCase(t)
	start := now().Add(-time.Hour)
	a.event(start, timeline.Evidence, "evidence.ingested", `{"secret":"hunter2"}`)
	a.event(start.Add(time.Minute), timeline.Evidence, "evidence.ingested", `{"open":"seen"}`)
	a.event(start.Add(2*time.Minute), timeline.Evidence, timeline.KindRedaction, `{}`)
	a.events[2].Supersedes = a.events[0].ID
	text := string(asCase(t, a))
	assert.NotContains(t, text, "hunter2")
	assert.Contains(t, text, "seen")
	assert.Contains(t, text, `taken back</span> by event 3</td>`)
	assert.Contains(t, text, "takes back event 1")

	// Nor if the notice stands before it.
	a.events[0], a.events[2] = a.events[2], a.events[0]
	assert.NotContains(t, string(asCase(t, a)), "hunter2")
}

// marks are the marks of a drawing by what they say, and the places of its scale.
func marksOf(t *testing.T, text, id string) (marks map[string]float64, scale map[string]float64) {
	t.Helper()
	_, svg, found := strings.Cut(text, `<title id="`+id+`">`)
	require.True(t, found)
	svg, _, _ = strings.Cut(svg, "</figure>")
	number := func(s string) float64 {
		x, err := strconv.ParseFloat(s, 64)
		require.NoError(t, err)
		return x
	}
	marks, scale = make(map[string]float64), make(map[string]float64)
	for _, m := range regexp.MustCompile(`<g class="mark[a-z ]*" transform="translate\(([\d.]+) \d+\)">.*?<title>(.*?)</title>`).FindAllStringSubmatch(svg, -1) {
		marks[m[2]] = number(m[1])
	}
	for _, m := range regexp.MustCompile(`<text x="([\d.]+)" y="\d+">(.*?)</text>`).FindAllStringSubmatch(svg, -1) {
		scale[m[2]] = number(m[1])
	}
	return marks, scale
}

func TestCaseFileDrawsToScale(t *testing.T) {
	text := string(asCase(t, wholeCase()))
	marks, scale := marksOf(t, text, "timeline-drawing")
	hour := (scale["16:00"] - scale["10:00"]) / 6
	require.Positive(t, hour)
	assert.InDelta(t, scale["12:00"]+hour*12/60, marks["1 event, 2026-11-02T12:12:00Z"], 0.2)
	assert.InDelta(t, scale["12:00"]+hour*15/60, marks["1 event, 2026-11-02T12:15:00Z"], 0.2)
	assert.InDelta(t, scale["14:00"]+hour*12/60, marks["1 event, 2026-11-02T14:12:00Z, 1 without content"], 0.2)
	assert.InDelta(t, scale["16:00"]+hour/2, marks["made at 2026-11-02T16:30:00Z, as the manifest says"], 0.2)
	assert.InDelta(t, scale["14:00"]+hour*72/60, marks["the manifest covers 37 events and agrees, the last of them of 2026-11-02T15:12:00Z"], 0.2)
	assert.InDelta(t, scale["12:00"]+hour*72/60, marks["timeline.checkpoint covers 33 events and does not agree, the last of them of 2026-11-02T13:12:00Z"], 0.2)

	marks, again := marksOf(t, text, "keys-drawing")
	for label, x := range scale {
		assert.InDelta(t, x, again[label], 0, "both drawings have one axis")
	}
	assert.InDelta(t, scale["10:00"]+hour*(14*60+7)/3600, marks["2 signatures, 2026-11-02T10:14:07Z"], 0.2)
	revoked := regexp.MustCompile(`<rect class="revoked" x="([\d.]+)"`).FindStringSubmatch(text)
	require.NotNil(t, revoked)
	x, _ := strconv.ParseFloat(revoked[1], 64)
	assert.InDelta(t, scale["12:00"]+hour, x, 0.2)
	certificate := regexp.MustCompile(`x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="14"><title>good from 2026-11-02T10:14:02Z`).FindStringSubmatch(text)
	require.NotNil(t, certificate)
	width, _ := strconv.ParseFloat(certificate[2], 64)
	assert.InDelta(t, hour/6, width, 0.2, "ten minutes")
}

func TestCaseFileNamesEverySignature(t *testing.T) {
	text := string(asCase(t, wholeCase()))
	_, table, found := strings.Cut(text, "<caption>Every signature</caption>")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "</table>")
	assert.Equal(t, 7, strings.Count(table, "<tr><th scope=\"row\">"))
	for _, words := range []string{
		"sha256:" + strings.Repeat("7c0d", 16), "ecdsa-p256", "subject CN=release,O=example",
		"for https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1.4.0", "issued by https://token.actions.githubusercontent.com",
		"valid 2026-11-02T10:14:02Z to 2026-11-02T10:24:02Z", "signed at 2026-11-02T10:14:07Z, proven by timestamp.sigstore.dev (timestamp)",
		"time of signing not proven; judged at 2026-11-23T12:00:00Z", "ml-dsa-65", "the key is revoked since 2026-10-01T00:00:00Z",
	} {
		assert.Contains(t, html.UnescapeString(table), words)
	}
	assert.Contains(t, text, "from 2026-11-02T08:00:00Z, revoked at 2026-11-02T13:00:00Z")
}

// Whatever there is, a case file can be opened, and says what it leaves out.
func TestCaseFileIsBounded(t *testing.T) {
	a := wholeCase()
	start := now().Add(-time.Hour)
	for i := range report.MaxCaseFindings {
		path := fmt.Sprintf("files/many/%d/%d", i%7000, i)
		a.entry(path, 1, forensic.EntryChanged)
		a.whole.Results = append(a.whole.Results, failing(path, 0, "checksum", fault.SnapshotChecksum, "it is another one"))
		a.entry(fmt.Sprintf("files/good/%d", i), 1, forensic.EntryAsListed)
		a.event(start.Add(time.Duration(i)*time.Second), timeline.Scanner, "scan.completed", `{}`)
	}
	for range 800 {
		a.whole.Results = append(a.whole.Results, a.whole.Results[0])
	}
	text := string(asCase(t, a))
	assert.Len(t, findingsOf(text), report.MaxCaseFindings)
	assert.Equal(t, 2, strings.Count(text, "7 further failed checks not shown here: the first 10,000 are."))
	assert.Contains(t, text, "9,503 entries not shown here.") // of the good and 3 of the others
	assert.Contains(t, text, "9,500 entries not shown</li>")
	assert.Contains(t, text, "9,037 further events drawn above and not listed here.")
	assert.Contains(t, text, "407 further signatures not listed here.")
	assert.Less(t, strings.Count(text, `<g class="mark`), 400)
	assert.Less(t, len(text), 12<<20)
	for i, part := range strings.Split(text, `<ol class="findings" start="`)[1:] {
		assert.True(t, strings.HasPrefix(part, strconv.Itoa(100*i+1)+`"`))
		part, _, _ = strings.Cut(part, "</ol>")
		require.Equal(t, 100, strings.Count(part, "<li>"))
	}
}

// hostileCase says s wherever a snapshot can say what others wrote; path is s as the
// path of an entry.
func hostileCase(s, path string) *aCase {
	whole := hostileVerdict(s)
	part := failing(s, 1, s, fault.SnapshotChecksum, s)
	part.Checks[0].Hint = s
	whole.Results = append(whole.Results, part)
	whole.Results[0].Evidence = append(whole.Results[0].Evidence, verify.Source{File: s, Member: path, Part: s, Shape: s})
	m := manifestOf(s)
	m.BundleID, m.TenantID, m.Metadata = s, s, map[string]string{s: s}
	m.HashSummary.MerkleRecipe, m.HashSummary.MerkleRoot = s, s
	m.Timeline = &forensic.TimelineHead{Events: 1, Head: s}
	a := &aCase{whole: whole, verdict: forensic.Verdict{Manifest: m}}
	a.entry(path, 1, forensic.EntryAsListed)
	a.entries[0].Name, a.entries[0].SHA256 = s, s
	a.entry("files/"+path, 1, forensic.EntryUnlisted)
	a.event(now(), timeline.Evidence, s, s)
	a.event(now().Add(time.Minute), timeline.Evidence, timeline.KindRedaction, s)
	a.checkpoints = []forensic.Checkpoint{{Source: s, Events: 1, At: now(), Agrees: true}}
	return a
}

// TestHostileCaseFile looks at the bytes; case_chromium_test.go asks a browser.
func TestHostileCaseFile(t *testing.T) {
	plain := markup(string(asCase(t, hostileCase("x", "x"))))
	for name, s := range hostileStrings() {
		t.Run(name, func(t *testing.T) {
			harmless(t, string(asCase(t, hostileCase(s, s))))
			text := string(asCase(t, hostileCase(s, strings.ReplaceAll(s, "/", "|"))))
			harmless(t, text)
			if s != "" { // what is empty is left out
				assert.True(t, slices.Equal(plain, markup(text)), "the elements are the same whatever the words")
			}
		})
	}
}
