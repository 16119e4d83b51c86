package predicate_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

const (
	sarif   = `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"tool","version":"7"}},"results":[]}]}`
	openVEX = `{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}`
	csaf    = `{"document":{"csaf_version":"2.0"}}`
	cdxVEX  = `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{"analysis":{}}]}`
	xmlVEX  = `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><vulnerabilities><vulnerability><analysis/></vulnerability></vulnerabilities></bom>`
)

func TestReportPredicate(t *testing.T) {
	d, err := predicate.Report(input.FromBytes("r.sarif", []byte(sarif)), predicate.ReportOptions{
		Decision: "warn", PolicyDigest: "sha256:" + digestA, Views: []string{"usage", "inventory", "usage"},
	})
	require.NoError(t, err)
	assert.Equal(t, "warn", d.Decision)
	assert.Equal(t, predicate.TypeReport, d.PredicateType)
	assertCanonical(t, d)
	content, err := canonical.Append(nil, []byte(sarif))
	require.NoError(t, err)
	assert.Equal(t, `{"decision":"warn","policy":{"digest":"sha256:`+digestA+`","views":["inventory","usage"]},`+
		`"report":{"content":`+string(content)+`,"digest":{"sha256":"`+d.Subjects[0].Digest["sha256"]+`"},"format":"sarif",`+
		`"mediaType":"application/sarif+json","size":91,"version":"2.1.0"},"scanner":{"name":"tool","version":"7"}}`, parse(t, d))
}

func TestReport(t *testing.T) {
	decided := predicate.ReportOptions{Decision: "pass"}
	stella, err := os.ReadFile("testdata/stella-report.json")
	require.NoError(t, err)
	vuln, err := os.ReadFile("testdata/cosign-vuln.json")
	require.NoError(t, err)
	reference := predicate.Options{Reference: true, URI: "https://example.com/r"}
	tests := []struct {
		name, in string
		o        predicate.ReportOptions
		wantType string
		decision string
		want     string // in the predicate
	}{
		{"embedded", sarif, decided, predicate.TypeReport, "pass", `"content":{"runs":`},
		{"embedded byte for byte", sarif, predicate.ReportOptions{Decision: "pass", Options: predicate.Options{Preserve: true}}, predicate.TypeReport, "pass", `"content":` + sarif},
		{"referenced", sarif, predicate.ReportOptions{Decision: "block", Options: reference}, predicate.TypeReport, "block", `"uri":"https://example.com/r","version":"2.1.0"}`},
		{"scanner by flag", sarif, predicate.ReportOptions{Decision: "pass", Scanner: predicate.Scanner{Name: "mine"}}, predicate.TypeReport, "pass", `"scanner":{"name":"mine"}}`},
		{"stella report", string(stella), predicate.ReportOptions{}, predicate.TypeReport, "warn", `"decision":"warn"`},
		{"stella report byte for byte", string(stella), predicate.ReportOptions{Options: predicate.Options{Preserve: true}}, predicate.TypeReport, "warn", string(stella)},
		{"OpenVEX", openVEX, predicate.ReportOptions{}, predicate.TypeOpenVEX, "", `{"@context":`},
		{"OpenVEX with a decision", openVEX, decided, predicate.TypeReport, "pass", `"format":"openvex"`},
		{"OpenVEX referenced", openVEX, predicate.ReportOptions{Options: reference}, predicate.TypeVEX, "", `"format":"openvex"`},
		{"OpenVEX versioned by type", openVEX, predicate.ReportOptions{Options: predicate.Options{Type: "https://openvex.dev/ns/v0.2.0"}}, "https://openvex.dev/ns/v0.2.0", "", `{"@context":`},
		{"CycloneDX VEX", cdxVEX, predicate.ReportOptions{}, predicate.TypeCycloneDX, "", `{"bomFormat":`},
		{"CycloneDX VEX in XML", xmlVEX, predicate.ReportOptions{}, predicate.TypeVEX, "", `"format":"cyclonedx"`},
		{"CycloneDX in XML with a decision", xmlVEX, decided, predicate.TypeReport, "pass", `"mediaType":"application/vnd.cyclonedx+xml"`},
		{"CSAF", csaf, predicate.ReportOptions{}, predicate.TypeVEX, "", `{"content":{"document":`},
		{"CSAF by type", csaf, predicate.ReportOptions{Options: predicate.Options{Type: "vex"}}, predicate.TypeVEX, "", `{"content":{"document":`},
		{"raw cosign scan", string(vuln), predicate.ReportOptions{Options: predicate.Options{Type: "vuln"}}, predicate.TypeVuln, "", `{"invocation":`},
		{"raw under a URI of one's own", sarif, predicate.ReportOptions{Options: predicate.Options{Type: "https://witness.dev/attestations/sarif/v0.1"}}, "https://witness.dev/attestations/sarif/v0.1", "", `{"runs":`},
		{"type report", sarif, predicate.ReportOptions{Decision: "pass", Options: predicate.Options{Type: "report"}}, predicate.TypeReport, "pass", `"decision":"pass"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := predicate.Report(input.FromBytes("report", []byte(tt.in)), tt.o)
			require.NoError(t, err)
			assert.Equal(t, tt.wantType, d.PredicateType)
			assert.Equal(t, tt.decision, d.Decision)
			assert.Contains(t, parse(t, d)+"\n", tt.want)
			if !tt.o.Preserve {
				assertCanonical(t, d)
			}
		})
	}
}

func TestReportRefuses(t *testing.T) {
	stella := `{"report":{"format":"sarif","digest":{"sha256":"` + digestA + `"},"mediaType":"a/b","size":1}`
	typ := func(s string) predicate.ReportOptions {
		return predicate.ReportOptions{Options: predicate.Options{Type: s}}
	}
	tests := []struct {
		name, in   string
		o          predicate.ReportOptions
		reason     fault.Reason
		want, hint string
	}{
		{"no decision", sarif, predicate.ReportOptions{}, fault.DecisionRequired, "SARIF 2.1.0 JSON states no decision", "--decision"},
		{"policy without decision", openVEX, predicate.ReportOptions{PolicyDigest: "sha256:" + digestA}, fault.DecisionRequired, "no decision", ""},
		{"unknown decision", sarif, predicate.ReportOptions{Decision: "fail"}, fault.UsageInvalid, `"fail" is not one of pass, warn, block`, ""},
		{"malformed policy digest", sarif, predicate.ReportOptions{Decision: "pass", PolicyDigest: digestA}, fault.UsageInvalid, "policy digest", ""},
		{"empty view", sarif, predicate.ReportOptions{Decision: "pass", Views: []string{""}}, fault.UsageInvalid, "view", ""},
		{"scanner without name", sarif, predicate.ReportOptions{Decision: "pass", Scanner: predicate.Scanner{Version: "1"}}, fault.UsageInvalid, "no name", ""},
		{"stella report without decision", stella + "}", predicate.ReportOptions{}, fault.DecisionRequired, "no decision", ""},
		{"stella report with a bad decision", stella + `,"decision":"PASS"}`, predicate.ReportOptions{}, fault.PredicateInvalid, `"/decision"`, ""},
		{"stella report with more", stella + `,"decision":"pass","extra":1}`, predicate.ReportOptions{}, fault.PredicateInvalid, `"/extra"`, ""},
		{"stella report and a decision", stella + `,"decision":"pass"}`, predicate.ReportOptions{Decision: "pass"}, fault.UsageInvalid, "itself", ""},
		{"SBOM", `{"spdxVersion":"SPDX-2.3"}`, predicate.ReportOptions{}, fault.InputUnrecognized, "an SPDX", "stella sign sbom"},
		{"statement", `{"_type":"https://in-toto.io/Statement/v1"}`, predicate.ReportOptions{}, fault.InputUnrecognized, "statement", "stella sign statement"},
		{"SARIF as cosign vuln", sarif, typ("vuln"), fault.UsageInvalid, "not a document of type", "--decision"},
		{"raw with decision", sarif, predicate.ReportOptions{Decision: "pass", Options: predicate.Options{Type: "https://example.com/x"}}, fault.UsageInvalid, "no place", ""},
		{"raw XML", xmlVEX, typ("https://example.com/x"), fault.UsageInvalid, "as JSON", ""},
		{"unknown type", sarif, typ("sarif"), fault.UsageInvalid, "unknown predicate type", "report"},
		{"URI of an embedded report", sarif, predicate.ReportOptions{Decision: "pass", Options: predicate.Options{URI: "https://a"}}, fault.UsageInvalid, "not embedded", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := predicate.Report(input.FromBytes("file", []byte(tt.in)), tt.o)
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
			assert.Contains(t, fault.HintOf(err), tt.hint)
		})
	}
}

// ready is a statement with a place for what a test changes.
func ready(from, to string) string {
	s := `{"predicateType":"https://example.com/p", "predicate":{"n":1.50}, "subject":[{"name":"a","digest":{"sha256":"` + digestA +
		`"}}], "_type":"https://in-toto.io/Statement/v1"}`
	return strings.Replace(s, from, to, 1)
}

func TestStatement(t *testing.T) {
	subject := []intoto.Subject{{Name: "a", Digest: map[string]string{"sha256": digestA}}}
	t.Run("ready", func(t *testing.T) {
		d, err := predicate.Statement(input.FromBytes("s", []byte(ready("", ""))), predicate.Options{})
		require.NoError(t, err)
		assertCanonical(t, d)
		assert.Equal(t, `{"n":1.5}`, parse(t, d))
		assert.Equal(t, subject, d.Subjects)
	})
	t.Run("ready, byte for byte", func(t *testing.T) {
		d, err := predicate.Statement(input.FromBytes("s", []byte(ready("", ""))), predicate.Options{Preserve: true, Type: "https://example.com/p"})
		require.NoError(t, err)
		assert.Equal(t, ready("", ""), string(payload(t, d)))
	})
	t.Run("predicate", func(t *testing.T) {
		d, err := predicate.Statement(input.FromBytes("p", []byte(`{"builder":{"id":"https://ci.example"},"buildType":"https://ci.example/v1"}`)), predicate.Options{Type: "slsaprovenance", Subjects: subject})
		require.NoError(t, err)
		assertCanonical(t, d)
		assert.Equal(t, "https://slsa.dev/provenance/v0.2", d.PredicateType)
		assert.Equal(t, `{"buildType":"https://ci.example/v1","builder":{"id":"https://ci.example"}}`, parse(t, d))
		assert.Equal(t, subject, d.Subjects, "the predicate is no subject of its own")
	})
	t.Run("predicate, byte for byte", func(t *testing.T) {
		d, err := predicate.Statement(input.FromBytes("p", []byte(`{"b":1, "a":2}`)), predicate.Options{Type: "https://example.com/p", Subjects: subject, Preserve: true})
		require.NoError(t, err)
		assert.Equal(t, `{"b":1, "a":2}`, parse(t, d))
	})
}

func TestStatementRefuses(t *testing.T) {
	subjects := []intoto.Subject{{Name: "a", Digest: map[string]string{"sha256": digestA}}}
	about := func(typ string) predicate.Options { return predicate.Options{Type: typ, Subjects: subjects} }
	tests := []struct {
		name, in   string
		o          predicate.Options
		reason     fault.Reason
		want, hint string
	}{
		{"version 0.1", ready("Statement/v1", "Statement/v0.1"), predicate.Options{}, fault.StatementInvalid, "v0.1", "change its _type"},
		{"version 0.1, byte for byte", ready("Statement/v1", "Statement/v0.1"), predicate.Options{Preserve: true}, fault.StatementInvalid, "v0.1", ""},
		{"fifth member", ready("{", `{"x":1,`), predicate.Options{}, fault.StatementInvalid, `"x"`, "remove it"},
		{"no subject", ready(`"subject":[`, `"subject":[],"was":[`), predicate.Options{}, fault.StatementInvalid, "subject", ""},
		{"digest in upper case", ready(digestA, strings.ToUpper(digestA)), predicate.Options{}, fault.StatementInvalid, "lower-case", ""},
		{"predicate type that is no URI", ready("https://example.com/p", "p"), predicate.Options{}, fault.StatementInvalid, "not a URI", ""},
		{"predicate that is no object", ready(`{"n":1.50}`, `[]`), predicate.Options{}, fault.StatementInvalid, "predicate is of kind array, not object", ""},
		{"duplicate member", ready("{", `{"_type":"https://in-toto.io/Statement/v1",`), predicate.Options{}, fault.InputMalformed, "_type", ""},
		{"stella type with another shape", ready("https://example.com/p", predicate.TypeReport), predicate.Options{}, fault.PredicateInvalid, "/predicate/n", ""},
		{"another type demanded", ready("", ""), predicate.Options{Type: "spdx"}, fault.UsageInvalid, "predicateType", "leave --type away"},
		{"subject added", ready("", ""), predicate.Options{Subjects: subjects}, fault.UsageInvalid, "names its subjects itself", ""},
		{"reference", ready("", ""), predicate.Options{Reference: true}, fault.UsageInvalid, "always embedded", ""},
		{"predicate without type", `{"a":1}`, predicate.Options{Subjects: subjects}, fault.InputUnrecognized, "not an in-toto statement", "--type"},
		{"predicate without subject", `{"a":1}`, predicate.Options{Type: "https://example.com/p"}, fault.SubjectInvalid, "about", "--subject"},
		{"SBOM without type", `{"spdxVersion":"SPDX-2.3"}`, predicate.Options{}, fault.InputUnrecognized, "an SPDX", "stella sign sbom"},
		{"envelope", `{"payload":"","payloadType":"","signatures":[]}`, predicate.Options{}, fault.InputUnrecognized, "DSSE", "stella verify"},
		{"XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`, about("sbom"), fault.InputUnrecognized, "XML", "JSON"},
		{"predicate of another format", `{"a":1}`, about("cyclonedx"), fault.PredicateInvalid, "not a document of type", ""},
		{"predicate of another shape", `{"a":1}`, about("sbom"), fault.PredicateInvalid, `"/a"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := predicate.Statement(input.FromBytes("file", []byte(tt.in)), tt.o)
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
			assert.Contains(t, fault.HintOf(err), tt.hint)
		})
	}
}
