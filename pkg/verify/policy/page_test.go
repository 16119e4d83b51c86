package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/pkg/verify/policy"
)

// TestPage reads every policy and every file of tests that the manual shows.
func TestPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "formats", "policy.md"))
	require.NoError(t, err)
	schema := compileSchema(t)
	policies, tests := 0, 0
	rest := string(page)
	for {
		_, after, found := strings.Cut(rest, "```yaml\n")
		if !found {
			break
		}
		var block string
		block, rest, _ = strings.Cut(after, "```")
		if strings.Contains(block, policy.TestsFormat) {
			_, err := policy.ParseTests([]byte(block), "tests.yaml")
			require.NoError(t, err)
			tests++
			continue
		}
		p, err := parse(block)
		require.NoError(t, err)
		assert.True(t, schemaAccepts(t, schema, block))
		assertRoundTrip(t, schema, p)
		policies++
	}
	assert.Equal(t, 3, policies)
	assert.Equal(t, 1, tests)
}
