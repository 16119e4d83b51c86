package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/ui"
	"github.com/stellaops/stella/pkg/verify"
)

// shownText renders a verdict as text. unicode says what the locale has.
func shownText(t *testing.T, unicode bool, whole *verify.Report) string {
	t.Helper()
	var b bytes.Buffer
	lang := map[bool]string{true: "C.UTF-8", false: "C"}[unicode]
	p := ui.New(ui.Options{Stdout: &b, Getenv: func(name string) string { return map[string]string{"LANG": lang}[name] }}).Out
	v := newVerdictText(p, "verify", "1 file", report.Reservations(whole.Compared, false), false)
	require.NoError(t, report.Write(v, whole))
	return b.String()
}

// judgedKeyless is a verdict over a keyless signature with every kind of proof.
func judgedKeyless() *verify.Report {
	index := int64(81234567)
	at := time.Date(2026, 11, 2, 10, 14, 7, 0, time.UTC)
	return &verify.Report{
		Schema: verify.Schema, Exit: fault.ExitRejected, Reason: fault.TimestampMissing, Compared: true,
		Time: verify.TimeUsed{At: at.AddDate(0, 0, 21), Source: "system clock"}, Policies: []string{"release.yaml"}, Profile: verify.Profile{Name: "default"},
		Counts: verify.Counts{Evidence: 1, Rejected: 1, Results: 1},
		Results: []verify.Result{{
			Evidence: []verify.Source{{File: "app.sigstore.json", Shape: "Sigstore bundle v0.3"}},
			Checks: []verify.Check{
				{Name: "signature", Status: verify.Passed, Message: "1 of 2 by a trusted key"},
				{Name: "type", Status: verify.NotDemanded, Message: "any predicate type"},
				{Name: "timestamp", Status: verify.Failed, Reason: fault.TimestampMissing, Message: "0 of 1 demanded time stamps", Hint: "ask for a time stamp"},
				{Name: "policy", Status: verify.NotRun, Message: "an earlier check failed"},
			},
			Signers: []verify.Signer{
				{
					Verified: true, Counted: true, Holder: "release-workflow", KeyID: "sha256:" + strings.Repeat("7c0d", 16), Roles: []string{"release"},
					Certificate: &verify.Certificate{
						Authority: "https://fulcio.example", Identity: "https://ci.example/release.yml", Issuer: "https://issuer.example", Serial: "2a",
						SHA256: strings.Repeat("5fe3", 16), NotBefore: at, NotAfter: at.Add(10 * time.Minute),
					},
					Time: &verify.SigningTime{At: at, Source: "log", Authority: "rekor.example", Proven: true},
					Proofs: []verify.Proof{
						{Kind: verify.ProofLog, Status: verify.Passed, Authority: "rekor.example", LogIndex: &index, Time: at},
						{Kind: verify.ProofTimestamp, Status: verify.Failed, Authority: "tsa.example", Reason: fault.TimestampInvalid, Message: "it is about another signature"},
						{Kind: verify.ProofSCT, Status: verify.Passed, Authority: "ct.example", Time: at},
						{Kind: verify.ProofWitness, Status: verify.NotDemanded},
					},
				},
				{Index: 1, Reason: fault.SignatureMismatch, Message: "it is by no trusted key"},
			},
		}},
	}
}

func TestTextShowsEverythingOfAKeylessSignature(t *testing.T) {
	want := `stella verify  1 file, 1 signed document, offline
✗ app.sigstore.json  Sigstore bundle v0.3
├─ ✓ signature  1 of 2 by a trusted key
│  ├─ ✓ https://ci.example/release.yml  sha256:7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d7c0d
│  │  │    holder       release-workflow
│  │  │    roles        release
│  │  │    issuer       https://issuer.example
│  │  │    authority    https://fulcio.example
│  │  │    valid        2026-11-02T10:14:07Z to 2026-11-02T10:24:07Z
│  │  │    serial       2a
│  │  │    certificate  sha256:5fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe35fe3
│  │  │    time         2026-11-02T10:14:07Z, proven by the log of rekor.example
│  │  ├─ ✓ log entry       entry 81234567 by rekor.example at 2026-11-02T10:14:07Z
│  │  ├─ ✗ time stamp      by tsa.example: it is about another signature  timestamp.invalid
│  │  ├─ ✓ certificate log by ct.example at 2026-11-02T10:14:07Z
│  │  └─ – witness         not demanded: by nobody who is trusted
│  └─ ! signature 2 counts for nothing: it is by no trusted key
├─ – type       not demanded: any predicate type
├─ ✗ timestamp  0 of 1 demanded time stamps  timestamp.missing
└─ – policy     not run
time    2026-11-23T10:14:07Z (system clock)
trust   unrooted: 
policy  release.yaml
hint: ask for a time stamp
✗ not verified: timestamp.missing (exit 3)
`
	assert.Equal(t, want, shownText(t, true, judgedKeyless()))
	ascii := strings.NewReplacer("✓", "[ok]", "✗", "[FAIL]", "–", "[skip]", "!", "[warn]", "├─", "|-", "└─", "`-", "│", "|").Replace(want)
	plain := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	assert.Equal(t, plain(ascii), plain(shownText(t, false, judgedKeyless())))
}

// TestTextAgrees holds the text to the verdict, as internal/report does for the
// other renderings.
func TestTextAgrees(t *testing.T) {
	glyphs := map[verify.Status]string{verify.Passed: "✓", verify.Failed: "✗", verify.NotRun: "–", verify.NotDemanded: "–"}
	words := map[verify.Status]string{verify.NotRun: "not run", verify.NotDemanded: "not demanded"}
	whole := judgedKeyless()
	verified := *whole
	verified.Verified, verified.Exit, verified.Reason, verified.Compared = true, 0, "", false
	verified.Results = []verify.Result{{Verified: true, Evidence: whole.Results[0].Evidence, Checks: whole.Results[0].Checks[:2]}}
	for name, w := range map[string]*verify.Report{"rejected": whole, "verified": &verified} {
		t.Run(name, func(t *testing.T) {
			out := shownText(t, true, w)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			last := lines[len(lines)-1]
			if w.Verified {
				assert.Equal(t, "✓ verified, but not compared with any artifact", last)
			} else {
				assert.Equal(t, fmt.Sprintf("✗ not verified: %s (exit %d)", w.Reason, w.Exit), last)
			}
			for _, c := range w.Results[0].Checks {
				line := ""
				for _, l := range lines {
					if strings.HasPrefix(strings.TrimLeft(l, "├└─ "), glyphs[c.Status]+" "+c.Name) {
						line = l
					}
				}
				require.NotEmpty(t, line, c.Name)
				assert.Contains(t, line, words[c.Status])
				assert.Contains(t, line, string(c.Reason))
				if c.Status != verify.NotRun {
					assert.Contains(t, line, c.Message)
				}
			}
		})
	}
}

// Failures are shown in full up to a bound, then a line each, then the sums.
func TestTextOfVeryMany(t *testing.T) {
	whole := judgedKeyless()
	bad := whole.Results[0]
	good := verify.Result{Verified: true, Evidence: bad.Evidence, Checks: bad.Checks[:2]}
	whole.Results = nil
	whole.Counts = verify.Counts{Evidence: 1300, Verified: 1150, Rejected: 150, Unread: 2}
	for range 150 {
		whole.Results = append(whole.Results, good, bad)
	}
	out := shownText(t, true, whole)
	assert.Equal(t, maxShownFailures, strings.Count(out, "✗ app.sigstore.json  Sigstore bundle v0.3\n"))
	assert.Equal(t, 50, strings.Count(out, "✗ app.sigstore.json  Sigstore bundle v0.3  timestamp.missing\n"))
	assert.NotContains(t, out, "✓ app")
	assert.Contains(t, out, "\n1,300 signed documents: 1,150 verified, 150 not; 2 could not be read\n")
	assert.Equal(t, 1, strings.Count(out, "stella verify  "))
	assert.Equal(t, "1 signed document: 0 verified, 1 not", countWords(&verify.Counts{Evidence: 1, Rejected: 1}))
}
