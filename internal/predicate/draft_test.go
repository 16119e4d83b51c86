package predicate_test

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit"
	"github.com/stellaops/stella/pkg/dsse/canonical"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// payload returns what is signed.
func payload(t testing.TB, d *predicate.Draft) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := d.Message.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, d.Message.Size(), n)
	return b.Bytes()
}

// parse reads a draft's statement as a verifier does and returns its predicate.
func parse(t testing.TB, d *predicate.Draft) string {
	t.Helper()
	b := payload(t, d)
	s, err := intoto.ParseStatement(bytes.NewReader(b))
	require.NoError(t, err)
	var whole struct {
		Predicate jsontext.Value `json:"predicate"`
	}
	require.NoError(t, json.Unmarshal(b, &whole))
	assert.Equal(t, intoto.StatementV1, s.Type)
	assert.Equal(t, d.PredicateType, s.PredicateType)
	assert.Equal(t, d.Subjects, s.Subjects)
	assert.Empty(t, s.Extra)
	require.NoError(t, predicate.CheckStatement(d.PredicateType, bytes.NewReader(b)))
	return string(whole.Predicate)
}

// assertCanonical proves that the whole statement is in RFC 8785 form.
func assertCanonical(t *testing.T, d *predicate.Draft) {
	t.Helper()
	b := payload(t, d)
	want, err := canonical.Append(nil, b)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(b))
}

func TestSBOM(t *testing.T) {
	tests := []struct{ path, wantType string }{
		{"cyclonedx-1.6.json", predicate.TypeCycloneDX},
		{"spdx-2.3.json", predicate.TypeSPDX},
		{"spdx-3.0.1.json", predicate.TypeSPDX},
		{"syft-16-image.json", predicate.TypeSyft},
		{"cyclonedx-1.5.xml", predicate.TypeSBOM},
		{"spdx-2.3.spdx", predicate.TypeSBOM},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join("testdata", tt.path))
			require.NoError(t, err)
			f := open(t, filepath.Join("testdata", tt.path))

			d, err := predicate.SBOM(f, predicate.Options{})
			require.NoError(t, err)
			assert.Equal(t, tt.wantType, d.PredicateType)
			require.Len(t, d.Subjects, 1)
			assert.Equal(t, tt.path, d.Subjects[0].Name)
			assertCanonical(t, d)
			got := parse(t, d)
			if tt.wantType == predicate.TypeSBOM {
				return
			}
			want, err := canonical.Append(nil, b)
			require.NoError(t, err)
			assert.Equal(t, string(want), got)

			d, err = predicate.SBOM(f, predicate.Options{Preserve: true})
			require.NoError(t, err)
			assert.Contains(t, string(payload(t, d)), `"predicate":`+string(b)+`,"predicateType":`)
			parse(t, d)

			d, err = predicate.SBOM(f, predicate.Options{Reference: true, URI: "https://example.com/sbom"})
			require.NoError(t, err)
			assert.Equal(t, predicate.TypeSBOM, d.PredicateType)
			assertCanonical(t, d)
			assert.Contains(t, parse(t, d), `"uri":"https://example.com/sbom"`)
		})
	}
}

// TestSBOMPredicate holds one whole statement to what is documented.
func TestSBOMPredicate(t *testing.T) {
	in := "SPDXVersion: SPDX-2.3\nPackageName: a\n"
	d, err := predicate.SBOM(input.FromBytes("dir/doc.spdx", []byte(in)), predicate.Options{})
	require.NoError(t, err)
	const sum = "91bea36c4e7ce48ddfdf7926d69a6a0f6d6a34b44d76d50f6df6cf2d95ab2ea9"
	got := strings.ReplaceAll(string(payload(t, d)), d.Subjects[0].Digest["sha256"], sum)
	assert.Equal(t, `{"_type":"https://in-toto.io/Statement/v1","predicate":{"componentCount":1,"digest":{"sha256":"`+sum+
		`"},"format":"spdx","mediaType":"text/spdx","size":37,"version":"2.3"},"predicateType":"stella.ops/sbom@v1",`+
		`"subject":[{"digest":{"sha256":"`+sum+`"},"name":"doc.spdx"}]}`, got)
}

func TestRealDocumentsRoundTrip(t *testing.T) {
	for _, pattern := range []string{"sbom/*/*", "sbom/*.json", "report/*.json"} {
		paths, err := filepath.Glob(filepath.Join(testkit.SharedData(t, "."), pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			t.Run(filepath.Base(path), func(t *testing.T) {
				var d *predicate.Draft
				var err error
				if strings.HasPrefix(pattern, "sbom") {
					d, err = predicate.SBOM(open(t, path), predicate.Options{})
				} else {
					d, err = predicate.Report(open(t, path), predicate.ReportOptions{Decision: "warn"})
				}
				require.NoError(t, err)
				assertCanonical(t, d)
				parse(t, d)
			})
		}
	}
}

func TestDraftSubjects(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sbom.json")
	b, err := os.ReadFile("testdata/cyclonedx-1.6.json")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	other := intoto.Subject{Name: "x", Digest: map[string]string{"sha256": digestA}}

	d, err := predicate.SBOM(open(t, path), predicate.Options{
		Subjects: []intoto.Subject{other, other}, SubjectFromDocument: true,
	})
	require.NoError(t, err)
	require.Len(t, d.Subjects, 3)
	assert.Equal(t, "sbom.json", d.Subjects[0].Name)
	assert.Equal(t, other, d.Subjects[1])
	assert.Equal(t, d.Claimed, d.Subjects[2:])
	assert.True(t, strings.HasPrefix(d.Claimed[0].Name, "pkg:oci/app@"))
	parse(t, d)

	t.Run("named", func(t *testing.T) {
		d, err := predicate.SBOM(open(t, path), predicate.Options{Name: "other-name"})
		require.NoError(t, err)
		assert.Equal(t, "other-name", d.Subjects[0].Name)
	})
	t.Run("standard input", func(t *testing.T) {
		d, err := predicate.SBOM(input.FromBytes("-", b), predicate.Options{})
		require.NoError(t, err)
		assert.Equal(t, "sbom.cdx.json", d.Subjects[0].Name)
	})
	t.Run("nothing claimed is said", func(t *testing.T) {
		d, err := predicate.SBOM(input.FromBytes("-", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`)), predicate.Options{SubjectFromDocument: true})
		require.NoError(t, err)
		require.Len(t, d.Notes, 1)
		assert.Len(t, d.Subjects, 1)
	})
	t.Run("too many", func(t *testing.T) {
		many := make([]intoto.Subject, intoto.MaxSubjects)
		for i := range many {
			many[i] = intoto.Subject{Name: strings.Repeat("n", i%100) + string(rune(i+256)), Digest: other.Digest}
		}
		_, err := predicate.SBOM(open(t, path), predicate.Options{Subjects: many})
		require.Error(t, err)
		assert.Equal(t, fault.SubjectTooMany, fault.ReasonOf(err))
	})
}

// TestSwappedFile changes the file after the draft: signing must notice.
func TestSwappedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sbom.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`), 0o600))
	d, err := predicate.SBOM(open(t, path), predicate.Options{Preserve: true})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5"}`), 0o600))
	_, err = d.Message.WriteTo(&bytes.Buffer{})
	require.Error(t, err)
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

func TestSBOMRefuses(t *testing.T) {
	cdx := `{"bomFormat":"CycloneDX","specVersion":"1.6"}`
	number := `{"bomFormat":"CycloneDX","specVersion":"1.6","a":12345678901234567890}`
	vex := `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{"analysis":{}}]}`
	tests := []struct {
		name, in   string
		o          predicate.Options
		reason     fault.Reason
		want, hint string
	}{
		{"report", `{"version":"2.1.0","runs":[]}`, predicate.Options{}, fault.InputUnrecognized, "a SARIF 2.1.0 JSON report", "stella sign report"},
		{"VEX", vex, predicate.Options{}, fault.InputUnrecognized, "a CycloneDX 1.6 JSON VEX", "stella sign report"},
		{"OpenVEX", openVEX, predicate.Options{}, fault.InputUnrecognized, "an OpenVEX 0.2.0 JSON", "stella sign report"},
		{"statement", `{"_type":"https://in-toto.io/Statement/v1"}`, predicate.Options{}, fault.InputUnrecognized, "an in-toto statement", "stella sign statement"},
		{"inexact number", number, predicate.Options{}, fault.NumberInexact, "12345678901234567890", "--preserve"},
		{"preserve and reference", cdx, predicate.Options{Preserve: true, Reference: true}, fault.UsageInvalid, "either", ""},
		{"preserved XML", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>`, predicate.Options{Preserve: true}, fault.UsageInvalid, "not JSON", "leave --preserve away"},
		{"another format's type", cdx, predicate.Options{Type: "spdx"}, fault.UsageInvalid, "not a document of type", "leave --type away"},
		{"unknown short name", cdx, predicate.Options{Type: "cyclondx"}, fault.UsageInvalid, "unknown predicate type", "cyclonedx"},
		{"malformed URI", cdx, predicate.Options{Type: "https://a b"}, fault.UsageInvalid, "not a URI", ""},
		{"URI of an embedded document", cdx, predicate.Options{URI: "https://a"}, fault.UsageInvalid, "not embedded", "--reference"},
		{"malformed document URI", cdx, predicate.Options{Reference: true, URI: "a b"}, fault.UsageInvalid, "not a URI", ""},
		{"reference under the format's type", cdx, predicate.Options{Reference: true, Type: "cyclonedx"}, fault.UsageInvalid, "not a document of type", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := predicate.SBOM(input.FromBytes("file", []byte(tt.in)), tt.o)
			require.Error(t, err)
			assert.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			assert.ErrorContains(t, err, tt.want)
			assert.Contains(t, fault.HintOf(err), tt.hint)
		})
	}
	t.Run("inexact number is preserved on demand", func(t *testing.T) {
		d, err := predicate.SBOM(input.FromBytes("file", []byte(number)), predicate.Options{Preserve: true})
		require.NoError(t, err)
		assert.Contains(t, string(payload(t, d)), number)
	})
}

func TestSBOMTypes(t *testing.T) {
	cdx := `{"bomFormat":"CycloneDX","specVersion":"1.6"}`
	for given, want := range map[string]string{
		"cyclonedx":                      predicate.TypeCycloneDX,
		"https://cyclonedx.org/bom/v1.6": "https://cyclonedx.org/bom/v1.6",
		"https://example.com/sbom":       "https://example.com/sbom",
	} {
		d, err := predicate.SBOM(input.FromBytes("file", []byte(cdx)), predicate.Options{Type: given})
		require.NoError(t, err)
		assert.Equal(t, want, d.PredicateType)
	}
}

func TestEmbedsOnlyWhatFollowsItsType(t *testing.T) {
	const syft = `{"artifacts":[],"descriptor":{"name":"syft"},"schema":{"version":%s}}`
	for _, version := range []string{`"\u007f16.0.37"`, `""`, `16`} {
		_, err := predicate.SBOM(input.FromBytes("a.json", fmt.Appendf(nil, syft, version)), predicate.Options{})
		assert.Equal(t, fault.PredicateInvalid, fault.ReasonOf(err), "%s: %v", version, err)
		assert.ErrorContains(t, err, "/schema/version", version)
	}
	_, err := predicate.Report(input.FromBytes("vex.json", []byte(`{"@context":"https://openvex.dev/ns/v0.2.0","statements":[{"status":"fine"}]}`)), predicate.ReportOptions{})
	assert.Equal(t, fault.PredicateInvalid, fault.ReasonOf(err), "%v", err)
}
