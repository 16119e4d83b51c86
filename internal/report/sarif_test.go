package report_test

import (
	"bytes"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/verify"
)

// sarifLog is what these tests read of SARIF.
type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Version string
				Rules   []struct {
					ID   string
					Help struct{ Text string }
				}
			}
		}
		Invocations []struct {
			ExitCode                   int
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID, Kind, Level string
			RuleIndex           int
			Message             struct{ Text string }
			Locations           []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           struct{ StartLine int }
				}
				LogicalLocations []struct{ FullyQualifiedName string }
			}
			RelatedLocations    []any
			PartialFingerprints map[string]string
			Properties          verdictCheck
		}
		Properties struct {
			Verdict struct {
				Verified bool
				Exit     int
				Reason   string
			}
		}
	}
}

func asSARIF(t testing.TB, o report.Options, whole *verify.Report) ([]byte, sarifLog) {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewSARIF(t.Context(), &b, o), whole)
	var log sarifLog
	require.NoError(t, json.Unmarshal(b.Bytes(), &log, json.MatchCaseInsensitiveNames(true)), b.String())
	require.Len(t, log.Runs, 1)
	return b.Bytes(), log
}

func sarifSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sarif-2.1.0-rtm.5.json"))
	require.NoError(t, err)
	return schematest.Compile(t, string(text))
}

func TestSARIFIsSARIF(t *testing.T) {
	s := sarifSchema(t)
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			text, log := asSARIF(t, options(), whole)
			assert.NoError(t, validate(t, s, text), "%s", text)
			run := log.Runs[0]
			assert.Equal(t, "v1.2.3", run.Tool.Driver.Version)
			assert.Equal(t, whole.Exit, run.Invocations[0].ExitCode)
			errors, prints := 0, make(map[string]bool)
			for _, r := range run.Results {
				assert.Equal(t, r.RuleID, run.Tool.Driver.Rules[r.RuleIndex].ID)
				assert.NotEmpty(t, run.Tool.Driver.Rules[r.RuleIndex].Help.Text)
				assert.Equal(t, r.Kind == "fail", r.Level == "error")
				assert.Equal(t, r.Kind != "fail", r.Level == "none", "3.27.10")
				assert.NotEmpty(t, r.Locations, "GitHub refuses a result without a place")
				assert.False(t, prints[r.PartialFingerprints["stella/v1"]], "two findings with one fingerprint")
				prints[r.PartialFingerprints["stella/v1"]] = true
				if r.Level == "error" {
					errors++
				}
			}
			assert.Equal(t, whole.Verified, errors == 0)
		})
	}
}

// The schema that is vendored does refuse.
func TestSARIFSchemaRefuses(t *testing.T) {
	text, _ := asSARIF(t, options(), keyless())
	assert.Error(t, validate(t, sarifSchema(t), bytes.Replace(text, []byte(`"kind": "pass"`), []byte(`"kind": "passed"`), 1)))
}

func TestSARIFSaysWhatWasChecked(t *testing.T) {
	_, log := asSARIF(t, options(), verdicts(t)["good, compared with nothing"])
	kinds := make(map[string]string)
	for _, r := range log.Runs[0].Results {
		kinds[r.RuleID] = r.Kind
		assert.Len(t, r.RelatedLocations, 1, "the second envelope with the payload")
	}
	assert.Equal(t, "pass", kinds["check.signature"])
	assert.Equal(t, "notApplicable", kinds["check.subject"])
	assert.Equal(t, "not compared with any artifact", log.Runs[0].Invocations[0].ToolExecutionNotifications[0].Message.Text)
}

func TestSARIFFingerprintsAreStable(t *testing.T) {
	first, second := keyless(), keyless()
	second.Results[1].Checks[2].Message = "said in other words"
	second.Results[0], second.Results[1] = second.Results[1], second.Results[0]
	prints := func(whole *verify.Report) map[string]bool {
		all := make(map[string]bool)
		_, log := asSARIF(t, options(), whole)
		for _, r := range log.Runs[0].Results {
			all[r.PartialFingerprints["primaryLocationLineHash"]] = true
		}
		return all
	}
	assert.Equal(t, prints(first), prints(second))
	second.Results[1].Evidence[0].File = "elsewhere"
	assert.NotEqual(t, prints(first), prints(second))
}

func TestSARIFOfProblemsOnly(t *testing.T) {
	o := options()
	o.ProblemsOnly = true
	_, log := asSARIF(t, o, keyless())
	require.Len(t, log.Runs[0].Results, 1)
	assert.Equal(t, "subject.mismatch", log.Runs[0].Results[0].RuleID)
	_, log = asSARIF(t, o, verdicts(t)["good"])
	assert.Empty(t, log.Runs[0].Results)
	assert.True(t, log.Runs[0].Properties.Verdict.Verified)
}

// Passes are bounded, failures are not.
func TestSARIFBoundsPasses(t *testing.T) {
	whole := keyless()
	good, bad := whole.Results[0], whole.Results[1]
	whole.Results = nil
	for i := range 1000 {
		good.Evidence = []verify.Source{{File: fmt.Sprint(i), Shape: "x"}}
		whole.Results = append(whole.Results, good)
	}
	whole.Results = append(whole.Results, bad)
	_, log := asSARIF(t, options(), whole)
	results := log.Runs[0].Results
	assert.Len(t, results, 5000+1)
	assert.Equal(t, "fail", results[5000].Kind)
	assert.Contains(t, fmt.Sprint(log.Runs[0].Invocations[0].ToolExecutionNotifications), "2003 checks that did not fail are not listed")
}

// TestSARIFMembers names what has no place among a file's lines.
func TestSARIFMembers(t *testing.T) {
	schema := sarifSchema(t)
	for _, tt := range []struct {
		source verify.Source
		want   string
	}{
		{verify.Source{File: "a.tar", Member: "b/app.sigstore.json"}, "b/app.sigstore.json"},
		{verify.Source{File: "a.tar", Member: "all.jsonl", Line: 3}, "all.jsonl, line 3"},
		{verify.Source{File: "list.json", Part: "attestation 2"}, "attestation 2"},
		{verify.Source{File: "a.tar", Member: "list.json", Part: "attestation 2"}, "list.json, attestation 2"},
		{verify.Source{File: "a.tar", Member: "\x1b[31m"}, `\x1b[31m`},
	} {
		whole := keyless()
		whole.Results = whole.Results[:1]
		whole.Results[0].Evidence = []verify.Source{tt.source}
		text, log := asSARIF(t, options(), whole)
		require.NoError(t, validate(t, schema, text))
		location := log.Runs[0].Results[0].Locations[0]
		assert.Equal(t, tt.source.File, location.PhysicalLocation.ArtifactLocation.URI)
		assert.Zero(t, location.PhysicalLocation.Region.StartLine)
		require.Len(t, location.LogicalLocations, 1)
		assert.Equal(t, tt.want, location.LogicalLocations[0].FullyQualifiedName)
	}
}

func TestSARIFPlaces(t *testing.T) {
	schema := sarifSchema(t)
	for name, want := range map[string]string{
		"dist/a b.json":         "dist/a%20b.json",
		"a:b.json":              "./a:b.json",
		"/abs/x.json":           "file:///abs/x.json",
		"//host/x":              "file:///host/x",
		"-":                     "standard-input",
		"a#b?c%d":               "a%23b%3Fc%25d",
		"javascript:alert(1)":   "./javascript:alert%281%29",
		"\u202e\x1b[31m\x9b":    "%E2%80%AE%1B%5B31m%9B",
		"https://evil.example/": "./https://evil.example/",
	} {
		whole := keyless()
		whole.Results = whole.Results[:1]
		whole.Results[0].Evidence[0] = verify.Source{File: name, Line: 7, Shape: "x"}
		text, log := asSARIF(t, options(), whole)
		require.NoError(t, validate(t, schema, text))
		place := log.Runs[0].Results[0].Locations[0].PhysicalLocation
		assert.Equal(t, want, place.ArtifactLocation.URI)
		assert.Equal(t, 7, place.Region.StartLine)
	}
}

// A message is no place for links or placeholders (3.11.5, 3.11.6).
func TestSARIFMessages(t *testing.T) {
	whole := keyless()
	whole.Results[1].Checks[2].Message = "[click](https://evil.example) {0}"
	_, log := asSARIF(t, options(), whole)
	last := log.Runs[0].Results[len(whole.Results[0].Checks)+2]
	assert.Equal(t, `subject: failed: \[click\](https://evil.example) {{0}}`, last.Message.Text)
	assert.Equal(t, "[click](https://evil.example) {0}", last.Properties.Message, "for programs as it is")
}
