package predicate_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/predicate"
)

// TestDocumentedPredicates holds the examples on the pages to the schemas: each
// stands below the heading that names its type, and is the committed example.
func TestDocumentedPredicates(t *testing.T) {
	block := regexp.MustCompile("(?s)\n## (\\S+/\\S+)\n\n```json\n(.*?)```")
	var found []string
	for _, page := range []string{
		"sbom.md", "report.md", "key-statements.md", "promotion.md", "vex-decision.md", "graph.md", "policy-evaluation.md", "evidence-bundle.md",
		"replay.md", "receipts.md", "provenance.md", "offline-kit.md",
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", page))
		require.NoError(t, err)
		for _, m := range block.FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
			require.NoError(t, predicate.Check(m[1], strings.NewReader(m[2])), "%s in %s", m[1], page)
			assert.Equal(t, string(example(t, m[1])), m[2])
		}
	}
	assert.ElementsMatch(t, predicate.Described(), found, "each type has its page")
}

// TestDocumentedNames holds the pages to the names of documents from standard
// input, all of which the sources write as name: "…".
func TestDocumentedNames(t *testing.T) {
	var pages strings.Builder
	for _, page := range []string{"sbom.md", "report.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats", page))
		require.NoError(t, err)
		pages.Write(text)
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	name := regexp.MustCompile(`"((?:sbom|report|vex)\.[a-z0-9.]+)"`)
	seen := 0
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		text, err := os.ReadFile(source)
		require.NoError(t, err)
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			seen++
			assert.Contains(t, pages.String(), "`"+m[1]+"`", source)
		}
	}
	assert.Greater(t, seen, 12)
}
