package report

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
	"github.com/stellaops/stella/pkg/verify/material"
)

var (
	//go:embed page/page.html
	pageText string
	//go:embed page/page.css
	pageStyle string
)

// pageTemplates parses the page. html/template escapes each value for the place
// where it stands; before that, show and say make visible what the eye would miss.
func pageTemplates() *template.Template {
	return template.Must(template.New("page").Funcs(pageFunctions(pageStyle)).Parse(pageText))
}

// pageFunctions are what templates print through; style is the page's one style.
func pageFunctions(style string) template.FuncMap {
	return template.FuncMap{
		// What may be somebody else's words.
		"show":        func(s any) string { return ui.Escape(fmt.Sprint(s)) },
		"bundle":      BundleWords,
		"say":         func(s string) string { return ui.EscapeMessage(s) },
		"source":      func(s verify.Source) string { return ui.Escape(s.Place()) },
		"finding":     func(p verify.Proof) string { return ui.EscapeMessage(ProofWords(&p)) },
		"proof":       func(kind string) string { return ui.Escape(ProofName(kind)) },
		"rule":        func(r verify.AppliedRule) string { return ui.EscapeMessage(capital(RuleName(&r))) },
		"filled":      func(f verify.FilledRequirement) string { return ui.EscapeMessage(RequirementWords(&f)) },
		"requirement": func(f verify.FilledRequirement) verify.Status { return RequirementStatus(&f) },
		"ordinal":     func(index int) string { return strconv.Itoa(index + 1) },
		"digests":     digestWords,
		"authority":   authorityWords,
		"window":      func(k verify.TrustedKey) string { return windowWords(k.NotBefore, k.NotAfter, k.RevokedAt) },
		// What is ours.
		"style":   func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file
		"hash":    func() string { return styleHash(style) },
		"word":    Word,
		"title":   func(verified bool) string { return capital(Word(verified)) },
		"outcome": func(verified bool) string { return string(outcome(verified)) },
		"glyph":   func(verified bool) string { return sign(outcome(verified)) },
		"status":  func(s verify.Status) string { return ui.Escape(StatusWord(s)) },
		"sign":    sign,
		"class":   class,
		"instant": instant,
		"date":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"day":     func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"number":  func(n int) string { return thousands(int64(n)) },
		"count":   countWords,
		"bytes":   func(n int64) string { return thousands(n) + " bytes" },
		"more":    more,
	}
}

// styleHash is what a page's policy allows as its one style (CSP level 3, section
// 2.3.1).
func styleHash(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func outcome(verified bool) verify.Status {
	if verified {
		return verify.Passed
	}
	return verify.Failed
}

func capital(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// sign is what stands before the word, for the eye alone.
func sign(s verify.Status) string {
	switch s {
	case verify.Passed:
		return "✓"
	case verify.Failed:
		return "✗"
	case ignoredSignature:
		return "!"
	}
	return "–"
}

// class is how a status looks.
func class(s verify.Status) string {
	switch s {
	case verify.Passed, verify.Failed:
		return string(s)
	case ignoredSignature:
		return "warned"
	}
	return "skipped"
}

// digestWords are the digests of a subject, by algorithm.
func digestWords(s verify.Subject) []string {
	var out []string
	for _, algorithm := range slices.Sorted(maps.Keys(s.Digest)) {
		out = append(out, algorithm+":"+s.Digest[algorithm])
	}
	return out
}

// thousands groups digits with commas.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func countWords(n int, noun string) string {
	if n != 1 {
		noun = plurals(noun)
	}
	return thousands(int64(n)) + " " + noun
}

// authorityWords are what a kind of authority is called.
func authorityWords(kind string) string {
	switch kind {
	case material.KindCA, material.KindPrivateCA:
		return "certificates"
	case material.KindTSA:
		return "time stamps"
	case material.KindLog:
		return "log"
	case material.KindCTLog:
		return "certificate log"
	}
	return ui.Escape(kind)
}

// more says how many things are left out.
func more(n int, noun string) template.HTML {
	if n == 0 {
		return ""
	}
	return template.HTML(` <span class="note">and ` + countWords(n, noun) + `</span>`) //nolint:gosec // a number and a noun of ours
}
