package predicate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/predicate"
)

func rendered(t *testing.T, predicateType, text string) []predicate.Line {
	t.Helper()
	statement := fmt.Sprintf(`{"predicate":%s,"predicateType":%q,"subject":[{"name":"/predicate/decision"}]}`, text, predicateType)
	lines, err := predicate.Render(predicateType, strings.NewReader(statement))
	require.NoError(t, err)
	return lines
}

// TestEveryTypeIsRendered: each row of the catalog that is written by stella has lines for
// its example, and each line is from it.
func TestEveryTypeIsRendered(t *testing.T) {
	for _, typ := range predicate.Described() {
		t.Run(typ, func(t *testing.T) {
			text := string(example(t, typ))
			lines := rendered(t, typ, text)
			assert.GreaterOrEqual(t, len(lines), 3)
			for _, l := range lines {
				for _, part := range strings.Split(l.Text, "  ") {
					assert.Contains(t, text, part, l.Label)
				}
			}
		})
	}
}

func TestRender(t *testing.T) {
	lines := rendered(t, predicate.TypePromotion, string(example(t, predicate.TypePromotion)))
	assert.Contains(t, lines, predicate.Line{Label: "from", Text: "staging"})
	var materials []string
	for _, l := range lines {
		if l.Label == "material" {
			materials = append(materials, l.Text)
		}
	}
	require.Len(t, materials, 2)
	assert.Regexp(t, `^sbom  CycloneDX-1\.6  [0-9a-f]{64}$`, materials[0])
	assert.Regexp(t, `^vex  OpenVEX-0\.2\.0  [0-9a-f]{64}  signature\.untrusted$`, materials[1])

	lines = rendered(t, "https://cyclonedx.org/bom/v1.5", `{"specVersion":"1.5","components":[{},{}],"metadata":{"component":{"name":"`+strings.Repeat("é", 500)+`"}}}`)
	assert.Contains(t, lines, predicate.Line{Label: "components", Text: "2"})
	assert.True(t, strings.HasSuffix(lines[1].Text, "é…"))

	many := `{"inputs":{"feeds":[` + strings.TrimSuffix(strings.Repeat(`{"name":"f","digest":"d"},`, 30), ",") + `]}}`
	lines = rendered(t, predicate.TypeReplay, many)
	require.Len(t, lines, 11)
	assert.Equal(t, "and 20 more", lines[10].Text)

	assert.Empty(t, rendered(t, "https://example.com/x", `{"a":1}`))
	_, err := predicate.Render(predicate.TypeSBOM, strings.NewReader(`{"predicate":{"format":`))
	require.Error(t, err)
}
