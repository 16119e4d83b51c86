package cli

import (
	_ "embed"
	"encoding/json/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/stellaops/stella/internal/testkit/schematest"
)

//go:embed kit_file.schema.json
var kitFileSchema string

// TestKitFileSchema holds the published schema to the example of the manual and to what
// is read.
func TestKitFileSchema(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "kits.md"))
	require.NoError(t, err)
	_, good, _ := strings.Cut(string(page), "```yaml\n")
	good, _, _ = strings.Cut(good, "```")
	schema := schematest.Compile(t, kitFileSchema)
	for name, tt := range map[string]struct {
		old, new string
		good     bool
	}{
		"as in the manual":   {"", "", true},
		"format alone":       {good, "format: " + kitFileFormat, true},
		"with binaries":      {"binaries: {}", "binaries: {linux/amd64: stella, windows/amd64: stella.exe}", true},
		"unknown format":     {"offlineKitBuild@v1", "offlineKitBuild@v2", false},
		"no format":          {"format: " + kitFileFormat, "", false},
		"unknown member":     {"sboms:", "sbom:", false},
		"version as a word":  {"version: 1", "version: one", false},
		"list as a name":     {"[sbom.cdx.json]", "sbom.cdx.json", false},
		"binaries as a list": {"binaries: {}", "binaries: [stella]", false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			if tt.old != "" {
				require.NotEqual(t, good, text)
			}
			_, err := parseKitFile([]byte(text))
			assert.Equal(t, tt.good, err == nil, "reader: %v", err)
			assert.Equal(t, tt.good, schematest.Accepts(schema, fromYAML(t, text)), "schema")
		})
	}
	for _, change := range [][2]string{{"name: acme", "name: Acme"}, {"channel: stable", "channel: ../stable"}, {"version: 1", "version: 0"}} {
		text := strings.Replace(good, change[0], change[1], 1)
		assert.False(t, schematest.Accepts(schema, fromYAML(t, text)), "%s: the manifest would refuse it", change[1])
	}
}

// fromYAML is a YAML text as JSON.
func fromYAML(t *testing.T, text string) string {
	t.Helper()
	var v any
	require.NoError(t, yaml.Unmarshal([]byte(text), &v))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
