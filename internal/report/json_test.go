package report_test

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/report"
	"github.com/stellaops/stella/pkg/verify"
)

func asJSON(t testing.TB, whole *verify.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewJSON(t.Context(), &b, options()), whole)
	return b.Bytes()
}

// What is written piece by piece is what the report is.
func TestJSONIsTheReport(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			want, err := json.Marshal(whole, json.Deterministic(true))
			require.NoError(t, err)
			text := asJSON(t, whole)
			assert.JSONEq(t, string(want), string(text))
			assert.Regexp(t, `^\{\n  "schema": "stella\.ops/verdict@v1",\n  "verified": `, string(text), "the verdict comes first")
			var again verify.Report
			require.NoError(t, json.Unmarshal(text, &again, json.RejectUnknownMembers(true)))
			assert.Equal(t, whole.Exit, again.Exit)
			assert.Len(t, again.Results, len(whole.Results))
		})
	}
}

// The document is indented as if it had been written at once.
func TestJSONIsIndented(t *testing.T) {
	whole := keyless()
	want := asJSON(t, whole)
	for line := range bytes.Lines(want) {
		depth := len(line) - len(bytes.TrimLeft(line, " "))
		assert.Zero(t, depth%2, "%q", line)
	}
	assert.Contains(t, string(want), "\n  \"results\": [\n    {\n      \"verified\": true,\n")
	assert.Contains(t, string(want), "\n    },\n    {\n      \"verified\": false,\n")
	assert.Contains(t, string(want), "\n    }\n  ],\n  \"counts\": {\n")
	assert.Contains(t, string(want), "\n  },\n  \"ignored\": [\n")
}

// schema compiles the published schema, or the definition in it that a fragment
// names. Here it allows no member that it does not name: readers must ignore those,
// and writers must not write them.
func schema(t testing.TB, fragment string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.Schema()))
	require.NoError(t, err)
	closeObjects(doc)
	// The members of this one stand beside the results.
	delete(doc.(map[string]any)["$defs"].(map[string]any)["whole"].(map[string]any), "unevaluatedProperties")
	doc.(map[string]any)["unevaluatedProperties"] = false
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("verdict.json", doc))
	s, err := c.Compile("verdict.json" + fragment)
	require.NoError(t, err)
	return s
}

// closeObjects forbids the members without a schema.
func closeObjects(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, open := n["additionalProperties"]; n["type"] == "object" && !open {
			n["unevaluatedProperties"] = false
		}
		for _, child := range n {
			closeObjects(child)
		}
	case []any:
		for _, child := range n {
			closeObjects(child)
		}
	}
}

func validate(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(v)
}

func TestSchemaHoldsEveryVerdict(t *testing.T) {
	document, line, last := schema(t, ""), schema(t, "#/$defs/result"), schema(t, "#/$defs/whole")
	ignored := schema(t, "#/$defs/ignored")
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			text := asJSON(t, whole)
			assert.NoError(t, validate(t, document, text), "%s", text)

			lines := asLines(t, whole)
			for _, text := range lines.results {
				assert.NoError(t, validate(t, line, text), "%s", text)
			}
			for _, text := range lines.ignored {
				assert.NoError(t, validate(t, ignored, text), "%s", text)
			}
			assert.NoError(t, validate(t, last, lines.whole))
			assert.Error(t, validate(t, document, lines.whole), "the last line has no results")
		})
	}
}

// TestSchemaRefuses breaks a verdict in each way that the schema rules out.
func TestSchemaRefuses(t *testing.T) {
	s := schema(t, "")
	text := string(asJSON(t, keyless()))
	require.NoError(t, validate(t, s, []byte(text)))
	for name, swap := range map[string][2]string{
		"another version":        {`verdict@v1`, `verdict@v2`},
		"verified with a reason": {`"verified": false,` + "\n" + `  "exit"`, `"verified": true,` + "\n" + `  "exit"`},
		"exit 0 unverified":      {`"exit": 3`, `"exit": 0`},
		"unknown member":         {`"network"`, `"networks"`},
		"unknown in a result":    {`"signers"`, `"x": 1, "signers"`},
		"unknown in a check":     {`"name": "signature"`, `"x": 1, "name": "signature"`},
		"unknown in a signer":    {`"counted"`, `"x": 1, "counted"`},
		"unknown status":         {`"not_demanded"`, `"skipped"`},
		"failed without reason":  {`"reason": "subject.mismatch",` + "\n" + `          "message"`, `"message"`},
		"result verified though": {`"verified": false,` + "\n" + `      "evidence"`, `"verified": true,` + "\n" + `      "evidence"`},
		"unknown proof":          {`"kind": "sct"`, `"kind": "rumour"`},
		"not a time":             {`"at": "2026-11-02T10:14:07Z"`, `"at": "yesterday"`},
		"not a key id":           {`"keyId": "sha256:7c`, `"keyId": "sha256:XY`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, text, swap[0])
			assert.Error(t, validate(t, s, []byte(strings.Replace(text, swap[0], swap[1], 1))))
		})
	}
}

// jsonLines are the lines of a verdict by what they are.
type jsonLines struct {
	results, ignored [][]byte
	whole            []byte
	all              []byte
}

func asLines(t testing.TB, whole *verify.Report) jsonLines {
	t.Helper()
	var b bytes.Buffer
	render(t, report.NewLines(&b, options()), whole)
	out := jsonLines{all: b.Bytes()}
	for line := range bytes.Lines(b.Bytes()) {
		require.Empty(t, out.whole, "a line after the last")
		var members map[string]jsontext.Value
		require.NoError(t, json.Unmarshal(line, &members))
		switch {
		case members["schema"] != nil:
			out.whole = line
		case members["checks"] != nil:
			out.results = append(out.results, line)
		default:
			require.Len(t, members, 1)
			out.ignored = append(out.ignored, members["ignored"])
		}
	}
	require.NotEmpty(t, out.whole)
	return out
}

// The lines are the document's parts.
func TestLinesAreTheReport(t *testing.T) {
	for name, whole := range verdicts(t) {
		t.Run(name, func(t *testing.T) {
			lines := asLines(t, whole)
			join := func(parts [][]byte) string { return "[" + string(bytes.Join(parts, []byte(","))) + "]" }
			again := strings.TrimSuffix(strings.TrimSpace(string(lines.whole)), "}") + `,"results":` + join(lines.results)
			if len(lines.ignored) > 0 {
				again += `,"ignored":` + join(lines.ignored)
			}
			assert.JSONEq(t, string(asJSON(t, whole)), again+"}")
		})
	}
}

// A line is out before the next result comes.
func TestLinesDoNotWait(t *testing.T) {
	var b bytes.Buffer
	w := report.NewLines(&b, options())
	whole := keyless()
	for i := range whole.Results {
		require.NoError(t, w.Result(&whole.Results[i]))
		assert.Equal(t, i+1, bytes.Count(b.Bytes(), []byte("\n")))
	}
}

// Nothing is half-written: a document without a verdict is no document.
func TestNothingIsWrittenBeforeTheVerdict(t *testing.T) {
	for name, open := range documents() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := open(t, &b)
			whole := keyless()
			for range 50 {
				require.NoError(t, w.Result(&whole.Results[0]))
			}
			w.Abort()
			assert.Zero(t, b.Len())
			assert.Error(t, w.Result(&whole.Results[0]), "what was thrown away cannot be continued")
		})
	}
}

// The example in the documentation follows the schema.
func TestDocumentedVerdict(t *testing.T) {
	page, err := os.ReadFile("../../docs/formats/verdict.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```json\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	assert.NoError(t, validate(t, schema(t, ""), []byte(example)))
}
