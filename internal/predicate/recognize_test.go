package predicate_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit"
)

var digestA = strings.Repeat("a", 64)

const (
	sbomAndReport = predicate.KindSBOM | predicate.KindReport
	vexAndReport  = predicate.KindVEX | predicate.KindReport
)

func open(t testing.TB, path string) *input.File {
	t.Helper()
	f, err := input.Open(path, nil, input.MaxDocument)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// recognized is what a row of a table expects of a document.
type recognized struct {
	path    string
	kind    predicate.Kind
	text    string // Document.String
	media   string
	count   int
	of      string
	claims  []string // NAME@algorithm:prefix of the digest
	scanner predicate.Scanner
}

func (want recognized) check(t *testing.T, path string) {
	t.Helper()
	f := open(t, path)
	d, err := predicate.Recognize(f)
	require.NoError(t, err)
	b, err := os.ReadFile(path)
	require.NoError(t, err)

	assert.Equal(t, want.kind, d.Kind)
	assert.Equal(t, want.text, d.String())
	assert.Equal(t, want.media, d.MediaType)
	assert.Equal(t, want.count, d.Count)
	assert.Equal(t, want.of, d.CountOf)
	assert.Equal(t, want.scanner, d.Scanner)
	assert.EqualValues(t, len(b), d.Size)
	assert.Equal(t, sha256.Sum256(b), d.SHA256)

	claims, err := predicate.Claims(f, d)
	require.NoError(t, err)
	var got []string
	for _, c := range claims {
		for algorithm, value := range c.Digest {
			got = append(got, c.Name+"@"+algorithm+":"+value[:8])
		}
	}
	assert.ElementsMatch(t, want.claims, got)
}

const (
	cdxJSON  = "application/vnd.cyclonedx+json"
	cdxXML   = "application/vnd.cyclonedx+xml"
	spdxJSON = "application/spdx+json"
	anyJSON  = "application/json"
)

func TestRecognizeRealDocuments(t *testing.T) {
	none := predicate.Scanner{}
	trivy := predicate.Scanner{Name: "trivy", Version: "dev"}
	maven := predicate.Scanner{Name: "CycloneDX Maven plugin", Version: "2.0.2"}
	tests := []recognized{
		{"sbom/cyclonedx/keycloak-10.0.2.cdx.json", predicate.KindSBOM, "CycloneDX 1.2 JSON", cdxJSON, 903, "components", nil, maven},
		{"sbom/cyclonedx/dropwizard-1.3.15.cdx.json", predicate.KindSBOM, "CycloneDX 1.2 JSON", cdxJSON, 167, "components", nil, maven},
		{"sbom/cyclonedx/proton-bridge-v1.8.0.cdx.json", predicate.KindSBOM, "CycloneDX 1.2 JSON", cdxJSON, 201, "components", nil, predicate.Scanner{Name: "cyclonedx-gomod", Version: "v0.6.1"}},
		{"sbom/cyclonedx/laravel-7.12.0.cdx.json", predicate.KindSBOM, "CycloneDX 1.4 JSON", cdxJSON, 62, "components", nil, predicate.Scanner{Name: "cyclonedx-php-composer", Version: "in-dev"}},
		{"sbom/cyclonedx/cern-lhc-vdm-editor.cdx.xml", predicate.KindSBOM, "CycloneDX 1.2 XML", cdxXML, 43, "components", nil, none},
		{"sbom/spdx/appbomination-2.2.spdx.json", predicate.KindSBOM, "SPDX 2.2 JSON", spdxJSON, 7, "packages", nil, none},
		{"sbom/spdx/examplemaven-0.0.1.spdx.json", predicate.KindSBOM, "SPDX 2.3 JSON", spdxJSON, 6, "packages", nil, none},
		{"sbom/spdx/examplemaven-0.0.1.spdx3.json", predicate.KindSBOM, "SPDX 3.0.1 JSON", spdxJSON, 6, "packages", nil, none},
		{"sbom/spdx/example1-2.2.spdx", predicate.KindSBOM, "SPDX 2.2 tag-value", "text/spdx", 1, "packages", nil, none},
		{"sbom/syft-grype-source.json", predicate.KindSBOM, "Syft 1.1.0 JSON", "application/vnd.syft+json", 43, "artifacts", nil, none},

		{"report/trivy-alpine-310.sarif.json", predicate.KindReport, "SARIF 2.1.0 JSON", "application/sarif+json", 4, "results", nil, predicate.Scanner{Name: "Trivy", Version: "dev"}},
		{"report/trivy-dockerfile.json", predicate.KindReport, "Trivy 2 JSON", anyJSON, 1, "findings", nil, trivy},
		{"report/trivy-nuget.json", predicate.KindReport, "Trivy 2 JSON", anyJSON, 1, "findings", nil, trivy},
		{"report/trivy-secrets.json", predicate.KindReport, "Trivy 2 JSON", anyJSON, 2, "findings", nil, trivy},
		{"report/trivy-conda-cyclonedx.json", sbomAndReport, "CycloneDX 1.7 JSON", cdxJSON, 2, "components", nil, trivy},
		{
			"report/grype-keycloak.json", predicate.KindReport, "Grype JSON", anyJSON, 6, "matches",
			[]string{"keycloak/keycloak@sha256:347a0d74"},
			predicate.Scanner{Name: "grype", Version: "0.66.0"},
		},
		{"report/openvex.json", vexAndReport, "OpenVEX 0.2.0 JSON", anyJSON, 1, "statements", nil, none},
		{"report/csaf.json", vexAndReport, "CSAF 2.0 JSON", anyJSON, 1, "vulnerabilities", nil, none},
		{"report/cisa-case-2.cdx-vex.json", vexAndReport, "CycloneDX 1.4 JSON", cdxJSON, 19, "vulnerabilities", nil, none},
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.path), func(t *testing.T) { tt.check(t, testkit.SharedData(t, tt.path)) })
	}
}

func TestRecognizeMinimalDocuments(t *testing.T) {
	none := predicate.Scanner{}
	scanner := predicate.Scanner{Name: "pkg:github/aquasecurity/trivy@0.50.0", Version: "0.50.0"}
	purl := "pkg:oci/app@sha256%3A" + digestA
	tests := []recognized{
		{"cyclonedx-1.6.json", predicate.KindSBOM, "CycloneDX 1.6 JSON", cdxJSON, 2, "components", []string{
			purl + "?repository_url=registry.example/app@sha256:aaaaaaaa", purl + "?repository_url=registry.example/app@sha512:bbbbbbbb",
		}, predicate.Scanner{Name: "sbom-tool", Version: "1.0"}},
		{"cyclonedx-1.5.xml", predicate.KindSBOM, "CycloneDX 1.5 XML", cdxXML, 2, "components", []string{"example/app@sha256:aaaaaaaa"}, none},
		{"cyclonedx-vex-1.4.xml", vexAndReport, "CycloneDX 1.4 XML", cdxXML, 2, "vulnerabilities", nil, none},
		{"spdx-2.3.json", predicate.KindSBOM, "SPDX 2.3 JSON", spdxJSON, 2, "packages", []string{"app@sha256:aaaaaaaa", "./app.bin@sha384:aaaaaaaa"}, none},
		{"spdx-2.3.spdx", predicate.KindSBOM, "SPDX 2.3 tag-value", "text/spdx", 2, "packages", []string{"app@sha256:aaaaaaaa"}, none},
		{"spdx-3.0.1.json", predicate.KindSBOM, "SPDX 3.0.1 JSON", spdxJSON, 2, "packages", []string{"app@sha256:aaaaaaaa", "app.bin@sha512:bbbbbbbb"}, none},
		{"syft-16-image.json", predicate.KindSBOM, "Syft 16.0.37 JSON", "application/vnd.syft+json", 1, "artifacts", []string{"registry.example/app:1@sha256:aaaaaaaa"}, none},
		{"syft-16-file.json", predicate.KindSBOM, "Syft 16.0.37 JSON", "application/vnd.syft+json", 0, "artifacts", []string{"dist/app@sha256:aaaaaaaa"}, none},
		{"trivy-image.json", predicate.KindReport, "Trivy 2 JSON", anyJSON, 0, "findings", []string{"registry.example/app@sha256:aaaaaaaa"}, predicate.Scanner{Name: "trivy"}},
		{"osv.json", predicate.KindReport, "OSV JSON", anyJSON, 3, "vulnerabilities", nil, none},
		{"openvex-image.json", vexAndReport, "OpenVEX 0.2.0 JSON", anyJSON, 1, "statements", []string{purl + "@sha256:aaaaaaaa", "pkg:generic/tool@1@sha256:bbbbbbbb"}, none},
		{"csaf-2.1.json", vexAndReport, "CSAF 2.1 JSON", anyJSON, 0, "vulnerabilities", nil, none},
		{"cosign-vuln.json", predicate.KindReport, "cosign vulnerability predicate JSON", anyJSON, 0, "results", nil, scanner},
		{"intoto-vulns.json", predicate.KindReport, "in-toto vulnerability predicate JSON", anyJSON, 1, "results", nil, scanner},
		{"sarif-two-tools.json", predicate.KindReport, "SARIF 2.1.0 JSON", "application/sarif+json", 1, "results", nil, none},
		{"stella-report.json", predicate.KindReport, "stella report 1 JSON", anyJSON, 1, "reports", nil, predicate.Scanner{Name: "scanner", Version: "1"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) { tt.check(t, filepath.Join("testdata", tt.path)) })
	}
}

func TestRecognizeVersions(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"CycloneDX 1.2 to 1.7", `{"bomFormat":"CycloneDX","specVersion":"%s"}`, "1.2 1.3 1.4 1.5 1.6 1.7"},
		{"CycloneDX XML", `<bom xmlns="http://cyclonedx.org/schema/bom/%s"/>`, "1.2 1.3 1.4 1.5 1.6 1.7"},
		{"SPDX 2", `{"spdxVersion":"SPDX-%s"}`, "2.2 2.3"},
		{"SPDX 2 tag-value", "SPDXVersion: SPDX-%s\r\n", "2.2 2.3"},
		{"SPDX 3", `{"@context":"https://spdx.org/rdf/%s/spdx-context.jsonld","@graph":[{"type":"SpdxDocument"}]}`, "3.0.0 3.0.1"},
		{"SARIF", `{"version":"%s","runs":[]}`, "2.1.0"},
		{"Trivy", `{"SchemaVersion":%s,"ArtifactName":"a"}`, "2"},
		{"OpenVEX", `{"@context":"https://openvex.dev/ns/v%s"}`, "0.2.0"},
		{"CSAF", `{"document":{"csaf_version":"%s"}}`, "2.0 2.1"},
		{"in-toto statement", `{"_type":"https://in-toto.io/Statement/%s"}`, "v0.1 v1"},
	}
	unknown := strings.Fields("0.9 1.0 1.1 1.8 2.0 2.1 2.2 2.3 2.4 3 3.0 3.1.0 1.6.1 v2 SPDX-2.3")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for version := range strings.FieldsSeq(tt.want) {
				d, err := predicate.Recognize(input.FromBytes("f", fmt.Appendf(nil, tt.in, version)))
				require.NoError(t, err, version)
				assert.Equal(t, version, d.Version)
			}
			for _, version := range unknown {
				if slices.Contains(strings.Fields(tt.want), version) || tt.name == "Trivy" && strings.Trim(version, "0123456789.") != "" {
					continue
				}
				_, err := predicate.Recognize(input.FromBytes("f", fmt.Appendf(nil, tt.in, version)))
				require.Error(t, err, version)
				if strings.Count(version, ".") > 1 && tt.name == "Trivy" {
					continue // not a number
				}
				assert.Equal(t, fault.InputUnrecognized, fault.ReasonOf(err), version)
				assert.ErrorContains(t, err, strconv.Quote(version))
				assert.ErrorContains(t, err, strings.Fields(tt.want)[0])
			}
		})
	}
}

func TestEntries(t *testing.T) {
	for in, want := range map[string]string{
		`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{}]}`:                   "1 component",
		`{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{"analysis":{}}]}`: "1 vulnerability",
		`{"matches":[{}],"descriptor":{"name":"grype"}}`:                                    "1 match",
		`{"matches":[{},{}],"descriptor":{"name":"grype"}}`:                                 "2 matches",
		`{"bomFormat":"CycloneDX","specVersion":"1.6"}`:                                     "",
		`{"document":{"csaf_version":"2.0"},"vulnerabilities":[{},{}]}`:                     "2 vulnerabilities",
		`{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{}]}`:                    "1 statement",
	} {
		d, err := predicate.Recognize(input.FromBytes("f", []byte(in)))
		require.NoError(t, err)
		assert.Equal(t, want, d.Entries())
	}
}

// TestRecognizeTruncatedFile shortens the file, at a place where what is left
// is well-formed, after it was opened.
func TestRecognizeTruncatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}    `), 0o600))
	f := open(t, path)
	require.NoError(t, os.Truncate(path, 45))
	_, err := predicate.Recognize(f)
	require.Error(t, err)
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}
