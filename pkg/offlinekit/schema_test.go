package offlinekit_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/offlinekit"
)

//go:embed manifest.schema.json
var manifestSchema string

// TestManifestSchema holds the published schema to what is written and read. What it
// cannot say (the order, the digest of checksums.txt, names that clash) is in the
// format's page.
func TestManifestSchema(t *testing.T) {
	good := string(text(t, small().header(t).Manifest))
	schema := schematest.Compile(t, manifestSchema)
	for name, tt := range map[string]struct {
		old, new string
		good     bool
	}{
		"as written":        {"", "", true},
		"no label":          {`"label": "2026.11 LTS",`, "", true},
		"unknown member":    {`"name": "acme",`, `"name": "acme", "size": 1,`, false},
		"unknown format":    {"offlineKit@v1", "offlineKit@v2", false},
		"no version":        {`"version": 7,`, "", false},
		"version 0":         {`"version": 7`, `"version": 0`, false},
		"version as text":   {`"version": 7`, `"version": "7"`, false},
		"version over 2^53": {`"version": 7`, `"version": 9007199254740992`, false},
		"upper case":        {`"acme"`, `"Acme"`, false},
		"channel is a path": {`"stable"`, `"../stable"`, false},
		"channel is hidden": {`"stable"`, `".stable"`, false},
		"long channel":      {`"stable"`, `"` + strings.Repeat("a", 65) + `"`, false},
		"channel ends":      {`"stable"`, `"stable."`, false},
		"empty label":       {`"2026.11 LTS"`, `""`, false},
		"label with escape": {`"2026.11 LTS"`, `"\u001b[2J"`, false},
		"local time":        {"08:00:00Z", "08:00:00+01:00", false},
		"fraction":          {"08:00:00Z", "08:00:00.5Z", false},
		"no such day":       {"2026-11-23", "2026-02-30", false},
		"short digest":      {`"sha256":"`, `"sha256":"0`, false},
		"negative size":     {`"size":2`, `"size":-2`, false},
		"not executable":    {`"executable":true`, `"executable":false`, false},
		"member of entry":   {`"executable":true`, `"executable":true,"mode":1`, false},
		"no size":           {`"size":2,`, "", false},
		"manifest listed":   {"oci/index.json", "manifest.json", false},
		"statement listed":  {"oci/index.json", "statement.dsse.json", false},
		"evidence listed":   {"oci/index.json", "statement-2.sigstore.json", false},
		"no checksums":      {`{"name":"checksums.txt"`, `{"name":"checksums.text"`, false},
		"name leads out":    {"oci/index.json", "oci/../index.json", false},
		"absolute name":     {"oci/index.json", "/oci/index.json", false},
		"empty step":        {"oci/index.json", "oci//index.json", false},
		"name of Windows":   {"oci/index.json", "oci/c:index.json", false},
		"step ends in dot":  {"oci/index.json", "oci./index.json", false},
		"step with space":   {"oci/index.json", " oci/index.json", false},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(good, tt.old, tt.new, 1)
			if tt.old != "" {
				require.NotEqual(t, good, changed)
			}
			_, err := offlinekit.ParseManifest([]byte(changed))
			assert.Equal(t, tt.good, err == nil, "parser: %v", err)
			assert.Equal(t, tt.good, schematest.Accepts(schema, changed), "schema")
		})
	}
}
