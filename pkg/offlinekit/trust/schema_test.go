package trust

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
)

var (
	//go:embed state.schema.json
	stateSchema string
	//go:embed revocations.schema.json
	revocationsSchema string
)

// change is one change to a document that fits its schema.
type change struct {
	old, new string
	good     bool
}

// TestStateSchema holds the published schema to what is written and read.
func TestStateSchema(t *testing.T) {
	agree(t, "state.json", schematest.Compile(t, stateSchema), func(b []byte) error {
		_, err := parseState(b, stateName)
		return err
	}, map[string]change{
		"as written":       {"", "", true},
		"unknown member":   {`"pinnedRoot"`, `"x": 1, "pinnedRoot"`, false},
		"unknown format":   {"trustState@v1", "trustState@v2", false},
		"no name":          {`"name": "default",`, "", false},
		"name is a path":   {`"name": "default"`, `"name": "../default"`, false},
		"name is hidden":   {`"name": "default"`, `"name": ".default"`, false},
		"pinned root":      {`"pinnedRoot": "`, `"pinnedRoot": "A`, false},
		"version a number": {`"version": "1"`, `"version": 1`, false},
		"version zero":     {`"version": "1"`, `"version": "0"`, false},
		"member of file":   {`"version": "1"`, `"version": "1", "x": 1`, false},
		"no active":        {`"active"`, `"actif"`, false},
		"active root":      {`"root": "2"`, `"root": "two"`, false},
		"no CRLs":          {`"carriedCRLs"`, `"crls"`, false},
		"newest time":      {`"newestTime": "`, `"newestTime": "x`, false},
		"key id":           {`"keyId": "sha256:`, `"keyId": "sha1:`, false},
		"no history":       {`"history"`, `"story"`, false},
		"empty event":      {`"event": "init"`, `"event": ""`, false},
		"no roots":         {`"roots": [`, `"roots": [], "x": [`, false},
	})
}

// TestRevocationsSchema does the same for revocations. That no key stands twice it
// cannot say.
func TestRevocationsSchema(t *testing.T) {
	agree(t, "revocations.json", schematest.Compile(t, revocationsSchema), func(b []byte) error {
		_, err := ParseRevocations(b, revocationsTarget)
		return err
	}, map[string]change{
		"as written":         {"", "", true},
		"unknown format":     {"revocations@v1", "revocations@v2", false},
		"unknown member":     {`"reason"`, `"x": 1, "reason"`, false},
		"no key":             {`"keyId"`, `"key"`, false},
		"key id":             {`"keyId": "sha256:`, `"keyId": "`, false},
		"local time":         {`Z"`, `+01:00"`, false},
		"empty reason":       {`"superseded"`, `""`, false},
		"reason with escape": {`"superseded"`, `"\u001b[2J"`, false},
		"long reason":        {`"superseded"`, `"` + strings.Repeat("a", 257) + `"`, false},
	})
}

// agree makes each change to a real document, and holds schema and reader to what it
// is.
func agree(t *testing.T, name string, schema *jsonschema.Schema, reads func([]byte) error, changes map[string]change) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "repository", name))
	require.NoError(t, err)
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(raw), c.old, c.new, 1)
			if c.old != "" {
				require.NotEqual(t, string(raw), changed)
			}
			err := reads([]byte(changed))
			assert.Equal(t, c.good, err == nil, "reader: %v", err)
			assert.Equal(t, c.good, schematest.Accepts(schema, changed), "schema")
		})
	}
}
