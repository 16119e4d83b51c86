package report_test

import (
	"encoding/json/v2"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/verify"
)

// hostileStrings are what evidence may try on those who read a rendering: a
// terminal, an eye, a CI runner, a browser, a parser of XML or Markdown.
func hostileStrings() map[string]string {
	return map[string]string{
		"colour":            "\x1b[31mred\x1b[0m\x1b[2J",
		"hyperlink":         "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
		"C1":                "\u009b31m\u0085",
		"bidi":              "\u202egpj.exe\u2066x\u2069\u200f",
		"zero width":        "ad\u200bmin\u200d\ufeff\u00ad\u2060",
		"line breaks":       "a\r\nstella: verified\n\u2028\u2029x",
		"tags":              "x\U000e0041\U000e007f\ufe0f",
		"nul and delete":    "a\x7fb\x00c\x0b\x0c\x1f",
		"raw bytes":         "a\x9b31m\xc0\xaf\xed\xa0\x80\xff",
		"noncharacters":     "a\ufffe\uffff\U0001ffff",
		"workflow command":  "::error title=x::forged",
		"on a new line":     "x\n::add-mask::secret\n##[error]forged\n##vso[task.complete]",
		"percent":           "100%0A::error::forged %25",
		"script":            `<script>pwned("script")</script>`,
		"image":             `<img src=x onerror="pwned('image')"><svg/onload=pwned(1)>`,
		"attribute":         `" onmouseover="pwned(1)" autofocus onfocus="pwned(2)" x="`,
		"single quotes":     `' onfocus='pwned(1)' x='`,
		"close everything":  `</style></title></textarea></template></details></table></script><script>pwned(1)</script>`,
		"comment":           `--><script>pwned(1)</script><!-- ]]><![CDATA[`,
		"style":             `</code><style>@import "http://CANARY/style";*{display:none}</style>`,
		"loads":             `<img src="http://CANARY/img"><link rel=stylesheet href="http://CANARY/css"><iframe src="http://CANARY/frame"></iframe><base href="http://CANARY/">`,
		"refresh":           `<meta http-equiv=refresh content="0;url=http://CANARY/refresh">`,
		"template":          `{{.Whole}} {{template "head"}} ${pwned(1)} #{x}`,
		"entities":          `&lt;script&gt;&#60;b&#62;&amp;&quot;&colon;`,
		"links":             "javascript:pwned(1) https://evil.example/ www.evil.example evil@example.org",
		"markdown link":     "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
		"markdown breaks":   "`` ` ``` **bold** | cell | ~~x~~ \\` # head",
		"markdown block":    "x\n\n# heading\n\n- [ ] item\n\n```\ncode\n```\n<details>",
		"mentions":          "@octocat @org/team #123 GH-1 org/repo#1 9fceb02d0ae598e95dc970b74767f19372d61af8 :tada: $x^2$",
		"xml":               `]]></failure></testcase><testcase name="forged"/><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;`,
		"json":              `"},"verified":true,"x":{"y":"\`,
		"sarif link":        "[click](https://evil.example) {0} {{1}} \\[",
		"overlong":          strings.Repeat("A\x1b<b>", 4000),
		"overlong word":     strings.Repeat("W", 5000),
		"right to left":     "שלום עולם",
		"honest":            "Zażółć gęślą jaźń 東京 नमस्ते café/1.0",
		"empty":             "",
		"only spaces":       "   ",
		"looks like a flag": "--format=json",
	}
}

// hostileVerdict says s wherever a verdict can say what others wrote, and in the
// words of checks too, since a file's name is in them.
func hostileVerdict(s string) *verify.Report {
	index := int64(-1)
	check := verify.Check{Name: "signature", Status: verify.Passed, Message: s}
	signer := verify.Signer{
		Verified: true, Counted: true, Holder: s, Name: s, KeyID: s, Roles: []string{s, s}, Tenant: s, Message: s,
		Certificate: &verify.Certificate{
			Authority: s, Identity: s, Issuer: s, Serial: s, SHA256: s, Extensions: map[string]string{s: s, "sourceRepositoryURI": s},
		},
		Time:   &verify.SigningTime{At: now(), Source: s, Authority: s, Proven: true},
		Proofs: []verify.Proof{{Kind: verify.ProofLog, Status: verify.Passed, Authority: s, LogIndex: &index, Message: s}, {Kind: s, Status: verify.NotDemanded, Message: s}},
	}
	worthless := verify.Signer{Name: s, Message: s, Reason: fault.SignatureMismatch}
	claims := &verify.Claims{
		PayloadType: s, StatementType: s, PredicateType: s, Problem: s,
		Subjects: []verify.Subject{{Name: s, Digest: map[string]string{s: s, "sha256": s}, Matched: true}, {Name: s}},
	}
	good := verify.Result{
		Rules: []verify.AppliedRule{{
			Policy: s, Rule: s, Signers: []verify.FilledRequirement{{Name: s, Threshold: 2, Holders: []string{s}}},
			Barred: []verify.BarredSigner{{Reason: fault.KeyForbidden, Message: s}},
		}},
		Verified: true, Evidence: []verify.Source{{File: s, Line: 1, Shape: s}, {File: s, Shape: s}}, Signers: []verify.Signer{signer, worthless}, Claims: claims,
		Checks: []verify.Check{check, {Name: "type", Status: verify.NotDemanded, Message: s}},
	}
	bad := good
	bad.Verified, bad.WouldFall = false, true
	bad.Checks = []verify.Check{check, {Name: s, Status: verify.Failed, Reason: fault.SubjectMismatch, Message: s, Hint: s}, {Name: s, Status: verify.NotRun, Message: s}}
	return &verify.Report{
		Schema: verify.Schema, Exit: fault.ExitRejected, Reason: fault.SubjectMismatch, Network: s,
		Time: verify.TimeUsed{At: now(), Source: s}, Profile: verify.Profile{Name: "default", Standing: s},
		Trust: verify.TrustUsed{
			Sources: []string{s}, Keys: []verify.TrustedKey{{Name: s, Holder: s, Hybrid: s, KeyID: s, Algorithm: s}},
			Identities: []verify.TrustedIdentity{{Identity: s, Issuer: s, Holder: s, Roles: []string{s}}}, Authorities: []verify.Authority{{Kind: s, Name: s, ID: s}},
		},
		Policies: []string{s}, Loosened: []string{s}, AssumedRevocations: []verify.Assumed{{KeyID: s, RevokedAt: time.Time{}}},
		Results: []verify.Result{good, bad}, Ignored: []verify.Ignored{{Source: s, Member: s, Line: 1, Reason: fault.NotEvidence, Message: s}},
	}
}

// harmless refuses bytes that act on a terminal, on the order of what is read or on
// a CI runner. It is written apart from what escapes, from contracts §11.
func harmless(t testing.TB, text string) {
	t.Helper()
	require.True(t, utf8.ValidString(text))
	for i, r := range text {
		if r == '\n' || r == '\t' {
			continue
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Bidi_Control, unicode.Noncharacter_Code_Point) {
			require.Fail(t, "harmful character", "%U at %q", r, text[max(0, i-30):min(len(text), i+30)])
		}
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		require.False(t, strings.HasPrefix(line, "::"), "a workflow command: %q", line)
		require.False(t, strings.HasPrefix(line, "stella: verified"), "a line of ours that we did not write: %q", line)
		require.NotRegexp(t, `(?i)##[a-z]*\[`, line)
	}
}

// TestHostileRenderings gives hostile strings to every rendering and looks at the
// bytes: nothing acts on who reads them, and programs find the strings whole.
func TestHostileRenderings(t *testing.T) {
	junit, sarif := hostileBaseline(t)
	sarifSchema := sarifSchema(t)
	var xmls [][]byte
	for name, s := range hostileStrings() {
		t.Run(name, func(t *testing.T) {
			whole := hostileVerdict(s)
			text := asJSON(t, whole)
			harmless(t, string(text))
			if utf8.ValidString(s) {
				var again verify.Report
				require.NoError(t, json.Unmarshal(text, &again))
				assert.Equal(t, s, again.Results[0].Claims.Subjects[0].Name)
				assert.Equal(t, s, again.Results[0].Signers[0].Certificate.Identity)
			}
			harmless(t, string(asLines(t, whole).all))

			text, log := asSARIF(t, options(), whole)
			harmless(t, string(text))
			assert.NoError(t, validate(t, sarifSchema, text))
			assert.Len(t, log.Runs[0].Results, sarif, "as many findings as with other words")

			text, file := asJUnit(t, whole)
			harmless(t, string(text))
			xmls = append(xmls, text)
			assert.Equal(t, junit, file.Tests, "as many tests as with other words")
		})
	}
	assert.NoError(t, xmllint(t, xmls...))
}

func hostileBaseline(t *testing.T) (junit, sarif int) {
	_, file := asJUnit(t, hostileVerdict("x"))
	_, log := asSARIF(t, options(), hostileVerdict("x"))
	return file.Tests, len(log.Runs[0].Results)
}
