package report_test

import (
	"encoding/json/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

// verdictCheck is a check as a rendering has it.
type verdictCheck struct{ Check, Status, Reason, Message string }

// essence is what every rendering of a verdict must agree on.
type essence struct {
	Verified bool
	Exit     int
	Reason   string
	Checks   [][]verdictCheck // of each payload
}

func essenceOf(whole *verify.Report) essence {
	e := essence{Verified: whole.Verified, Exit: whole.Exit, Reason: string(whole.Reason)}
	for _, r := range whole.Results {
		e.Checks = append(e.Checks, checksOf(&r))
	}
	return e
}

func checksOf(r *verify.Result) []verdictCheck {
	var checks []verdictCheck
	for _, c := range r.Checks {
		checks = append(checks, verdictCheck{c.Name, string(c.Status), string(c.Reason), c.Message})
	}
	return checks
}

// TestRenderingsAgree holds every rendering that a program reads to the one verdict:
// the same outcome, and of each check the same status, reason and words. Text and
// pages are held to it where they are made.
func TestRenderingsAgree(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			want := essenceOf(whole)
			assert.Equal(t, want, fromJSON(t, whole), "json")
			assert.Equal(t, want, fromLines(t, whole), "ndjson")
			if r := report.Overall(whole); r != nil { // these know only results
				want.Checks = append(want.Checks, checksOf(r))
			}
			assert.Equal(t, want, fromSARIF(t, whole), "sarif")
			assert.Equal(t, want, fromJUnit(t, whole), "junit")
		})
	}
}

func fromJSON(t *testing.T, whole *verify.Report) essence {
	var again verify.Report
	require.NoError(t, json.Unmarshal(asJSON(t, whole), &again))
	return essenceOf(&again)
}

func fromLines(t *testing.T, whole *verify.Report) essence {
	lines := asLines(t, whole)
	var again verify.Report
	require.NoError(t, json.Unmarshal(lines.whole, &again))
	for _, line := range lines.results {
		var r verify.Result
		require.NoError(t, json.Unmarshal(line, &r))
		again.Results = append(again.Results, r)
	}
	return essenceOf(&again)
}

func fromSARIF(t *testing.T, whole *verify.Report) essence {
	_, log := asSARIF(t, options(), whole)
	run := log.Runs[0]
	verdict := run.Properties.Verdict
	e := essence{Verified: verdict.Verified, Exit: verdict.Exit, Reason: verdict.Reason}
	assert.Equal(t, verdict.Exit, run.Invocations[0].ExitCode)
	place := ""
	for _, r := range run.Results {
		if r.Properties.Check == "verdict" { // there is no payload
			assert.Equal(t, verdict.Reason, r.RuleID)
			continue
		}
		at := r.Locations[0].PhysicalLocation
		if here := at.ArtifactLocation.URI + strconv.Itoa(at.Region.StartLine); here != place {
			e.Checks, place = append(e.Checks, nil), here
		}
		assert.Equal(t, map[string]string{"pass": "passed", "fail": "failed", "notApplicable": "not_demanded", "open": "not_run"}[r.Kind], r.Properties.Status)
		if r.Kind == "fail" {
			assert.Equal(t, r.Properties.Reason, r.RuleID)
		}
		e.Checks[len(e.Checks)-1] = append(e.Checks[len(e.Checks)-1], r.Properties)
	}
	return e
}

func fromJUnit(t *testing.T, whole *verify.Report) essence {
	_, file := asJUnit(t, whole)
	properties := make(map[string]string)
	for _, p := range file.Suites[0].Properties {
		properties[p.Name] = p.Value
	}
	exit, err := strconv.Atoi(properties["exit"])
	require.NoError(t, err)
	e := essence{Verified: properties["verified"] == "true", Exit: exit}
	if failure := file.Suites[0].Cases[0].Failure; failure != nil {
		e.Reason = failure.Type
	}
	for _, suite := range file.Suites[1:] {
		var checks []verdictCheck
		for _, test := range suite.Cases {
			checks = append(checks, junitCheck(test))
		}
		e.Checks = append(e.Checks, checks)
	}
	return e
}

func junitCheck(test junitCase) verdictCheck {
	c := verdictCheck{Check: test.Name, Status: "passed", Message: test.Output}
	if test.Failure != nil {
		c.Status, c.Reason, c.Message = "failed", test.Failure.Type, test.Failure.Message
	}
	if test.Skipped != nil {
		status, message, _ := strings.Cut(*test.Skipped, ": ")
		c.Status, c.Message = strings.ReplaceAll(status, " ", "_"), message
	}
	return c
}
