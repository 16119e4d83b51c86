package store_test

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/testkit/schematest"
)

var (
	//go:embed state.schema.json
	stateSchema string
	//go:embed report.schema.json
	reportSchema string
)

// TestStateSchema holds the published schema to a state with all that it can have.
func TestStateSchema(t *testing.T) {
	w := newWorld(t)
	w.mustImport(w.newKit(7).pack())
	path := filepath.Join(w.store.Dir(), "stable", "state.json")
	schema := schematest.Compile(t, stateSchema)
	require.True(t, schematest.Accepts(schema, string(read(t, path))), "after the first import")
	w.mustImport(w.newKit(8).pack())
	_, err := w.rollback("version 8 breaks the scanner")
	require.NoError(t, err)
	good := string(read(t, path))
	for name, tt := range map[string]struct {
		old, new string
		good     bool
	}{
		"as written":      {"", "", true},
		"unknown member":  {`"channel"`, `"x": 1, "channel"`, false},
		"unknown format":  {"kitState@v1", "kitState@v2", false},
		"no channel":      {`"channel": "stable",`, "", false},
		"channel":         {`"channel": "stable"`, `"channel": "../stable"`, false},
		"number":          {`"highest": "8"`, `"highest": 8`, false},
		"zero":            {`"highest": "8"`, `"highest": "0"`, false},
		"leading zero":    {`"highest": "8"`, `"highest": "08"`, false},
		"digest":          {`"manifestSha256": "`, `"manifestSha256": "A`, false},
		"directory":       {`"directory": "7-1"`, `"directory": "../7-1"`, false},
		"no directory":    {`"directory": "7-1"`, `"label": "7-1"`, false},
		"empty label":     {`"directory": "7-1"`, `"directory": "7-1", "label": ""`, false},
		"label":           {`"directory": "7-1"`, `"directory": "7-1", "label": "LTS"`, true},
		"local time":      {`"importedAt": "`, `"importedAt": "x`, false},
		"event":           {`"event": "rollback"`, `"event": "roll"`, false},
		"member of event": {`"event": "rollback"`, `"event": "rollback", "x": 1`, false},
		"long reason":     {`"reason": "`, `"reason": "` + strings.Repeat("a", 512), false},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(good, tt.old, tt.new, 1)
			if tt.old != "" {
				require.NotEqual(t, good, changed)
			}
			require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
			_, err := w.store.Status("stable", w.now)
			assert.Equal(t, tt.good, err == nil, "reader: %v", err)
			assert.Equal(t, tt.good, schematest.Accepts(schema, changed), "schema")
		})
	}
}

// TestReportSchema holds the published schema to reports on kits that failed early and
// late.
func TestReportSchema(t *testing.T) {
	w := newWorld(t)
	schema := schematest.Compile(t, reportSchema)
	w.renew()
	k := w.newKit(2)
	damaged := k.unpack()
	put(t, filepath.Join(damaged, "payload", "documents", "more"), nil)
	text := reportOn(t, w, damaged, fault.KitUnlisted)
	assert.Contains(t, text, `"findings"`)
	assert.Contains(t, text, `"kept"`)
	assert.Contains(t, text, `"trust"`)
	require.True(t, schematest.Accepts(schema, text), text)
	for name, change := range map[string][2]string{
		"unknown member": {`"input"`, `"x": 1, "input"`},
		"unknown format": {"kitReport@v1", "kitReport@v2"},
		"no reason":      {`"message"`, `"msg"`},
		"digest":         {`"sha256": "`, `"sha256": "A`},
		"kept elsewhere": {`"file": "kit`, `"file": "../kit`},
		"both":           {`"input"`, `"notKept": "it is large", "input"`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		require.NotEqual(t, text, changed, name)
		assert.False(t, schematest.Accepts(schema, changed), name)
	}

	w.mustImport(w.newKit(3).pack())
	text = reportOn(t, w, w.newKit(1).pack(), fault.KitVersion)
	assert.Contains(t, text, `"notKept"`)
	assert.True(t, schematest.Accepts(schema, text), text)
}

// reportOn is the report about a kit that is refused for a reason.
func reportOn(t *testing.T, w *world, from string, reason fault.Reason) string {
	t.Helper()
	done, err := w.imports(from)
	requireReason(t, reason, err)
	require.NotNil(t, done.Quarantined)
	return string(read(t, filepath.Join(done.Quarantined.Path, "report.json")))
}
