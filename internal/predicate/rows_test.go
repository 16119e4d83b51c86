package predicate_test

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/input"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

// builders has what builds the predicate of each row from its example: from Go values, or
// from the document that users give. No row can lack one.
func builders() map[string]func(t *testing.T, text []byte) *predicate.Draft {
	sbom := func(t *testing.T, text []byte) *predicate.Draft {
		d, err := predicate.SBOM(input.FromBytes("sbom.json", text), predicate.Options{})
		require.NoError(t, err)
		return d
	}
	report := func(o predicate.ReportOptions) func(*testing.T, []byte) *predicate.Draft {
		return func(t *testing.T, text []byte) *predicate.Draft {
			d, err := predicate.Report(input.FromBytes("report.json", text), o)
			require.NoError(t, err)
			return d
		}
	}
	typed := func(name string) predicate.ReportOptions {
		return predicate.ReportOptions{Options: predicate.Options{Type: name}}
	}
	model := func(t *testing.T, text []byte) *predicate.Draft { return modelDraft(t, text) }
	out := map[string]func(*testing.T, []byte) *predicate.Draft{
		predicate.TypeCycloneDX: sbom, predicate.TypeSPDX: sbom, predicate.TypeSyft: sbom,
		predicate.TypeSBOM: func(t *testing.T, _ []byte) *predicate.Draft {
			d, err := predicate.SBOM(input.FromBytes("sbom.cdx.json", example(t, predicate.TypeCycloneDX)), predicate.Options{Reference: true})
			require.NoError(t, err)
			return d
		},
		predicate.TypeReport: report(predicate.ReportOptions{}), predicate.TypeOpenVEX: report(predicate.ReportOptions{}),
		predicate.TypeVulns: report(typed("vulns")), predicate.TypeVuln: report(typed("vuln")),
		predicate.TypeVEX: func(t *testing.T, _ []byte) *predicate.Draft {
			return report(predicate.ReportOptions{Options: predicate.Options{Reference: true}})(t, example(t, predicate.TypeOpenVEX))
		},
		predicate.TypePromotion: func(t *testing.T, text []byte) *predicate.Draft {
			p, err := predicate.ParsePromotion(bytes.NewReader(text))
			require.NoError(t, err)
			d, err := p.Draft()
			require.NoError(t, err)
			return d
		},
	}
	for uri := range predicate.Examples() {
		out[uri] = model
	}
	// pkg/keys/statement and pkg/offlinekit build these from keys and kits, which are
	// theirs; and those that are read alone are signed as others wrote them.
	for _, uri := range []string{
		predicate.TypeKeyRotation, predicate.TypeKeyRevocation, predicate.TypeOfflineKit,
		predicate.TypeVerdict, predicate.TypePolicyDecision, predicate.TypeSLSA02,
	} {
		out[uri] = bare(uri)
	}
	return out
}

// modelDraft builds from the Go values of the example that text is.
func modelDraft(t *testing.T, text []byte) *predicate.Draft {
	t.Helper()
	for uri, m := range predicate.Examples() {
		if printed, err := predicate.Example(uri); err != nil || !bytes.Equal(text, printed) {
			continue
		}
		d, err := predicate.NewDraft(m, subject())
		require.NoError(t, err)
		return d
	}
	require.Fail(t, "no model is written as the committed example", "%s", text)
	return nil
}

func subject() intoto.Subject {
	return intoto.Subject{Name: "app", Digest: map[string]string{"sha256": digestA}}
}

// bare builds what sign statement --type does of a predicate in a file.
func bare(uri string) func(*testing.T, []byte) *predicate.Draft {
	return func(t *testing.T, text []byte) *predicate.Draft {
		t.Helper()
		d, err := predicate.Statement(input.FromBytes("predicate.json", text), predicate.Options{Type: uri, Subjects: []intoto.Subject{subject()}})
		require.NoError(t, err)
		return d
	}
}

// TestEveryRowIsComplete: each row of the catalog has builder, schema, check, renderer,
// example and docs page, and what is built passes the check and is rendered.
func TestEveryRowIsComplete(t *testing.T) {
	pages := headings(t)
	build := builders()
	for _, row := range predicate.Types() {
		t.Run(row.Name, func(t *testing.T) {
			require.NotNil(t, predicate.Schema(row.URI), "schema")
			text := example(t, row.URI)
			require.Error(t, predicate.Check(row.URI, strings.NewReader(`{"a":[]`)), "check")
			require.NoError(t, predicate.Check(row.URI, bytes.NewReader(text)), "check")
			assert.True(t, slices.Contains(pages, row.URI), "it has no section in docs/formats")
			require.NotNil(t, build[row.URI], "builder")
			d := build[row.URI](t, text)
			assert.Equal(t, row.URI, d.PredicateType)
			var statement bytes.Buffer
			_, err := d.Message.WriteTo(&statement)
			require.NoError(t, err)
			require.NoError(t, predicate.CheckStatement(row.URI, bytes.NewReader(statement.Bytes())))
			var built struct {
				Predicate jsontext.Value `json:"predicate"`
			}
			require.NoError(t, json.Unmarshal(statement.Bytes(), &built))
			for _, spelling := range append(row.Spellings, row.URI) {
				lines, err := predicate.Render(spelling, bytes.NewReader(statement.Bytes()))
				require.NoError(t, err)
				assert.NotEmpty(t, lines, "renderer of %s", spelling)
				bare, err := predicate.RenderBare(spelling, bytes.NewReader(built.Predicate))
				require.NoError(t, err)
				assert.Equal(t, lines, bare, "without a statement")
			}
		})
	}
	assert.Len(t, build, len(predicate.Types()))
}

// headings returns the types that have a section of their own in the format pages.
func headings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "formats", "*.md"))
	require.NoError(t, err)
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if of, ok := strings.CutPrefix(line, "## "); ok {
				out = append(out, strings.TrimSpace(of))
			}
		}
	}
	return out
}

// TestModelsAreHeldToTheirSchemas: what a model cannot say rightly is not built.
func TestModelsAreHeldToTheirSchemas(t *testing.T) {
	for uri, m := range map[string]predicate.Model{
		predicate.TypeVEXDecision: &predicate.VEXDecision{}, predicate.TypeGraph: &predicate.Graph{}, predicate.TypePolicy: &predicate.PolicyEvaluation{},
		predicate.TypeEvidence: &predicate.EvidenceBundle{}, predicate.TypeReplay: &predicate.Replay{}, predicate.TypeSLSA1: &predicate.Provenance{},
	} {
		_, err := predicate.NewDraft(m, subject())
		require.Error(t, err, uri)
		assert.Contains(t, err.Error(), "does not follow "+uri)
	}
	_, err := predicate.NewDraft(predicate.Examples()[predicate.TypeGraph])
	require.Error(t, err, "a statement is about something")
}
