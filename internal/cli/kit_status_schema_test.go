package cli

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
)

//go:embed kit_status.schema.json
var kitStatusSchema string

// TestKitStatusSchema holds the published schema to what is printed of no kit and of
// kits with all that a status can have.
func TestKitStatusSchema(t *testing.T) {
	schema := schematest.Compile(t, kitStatusSchema)
	w := newTrustWorld(t, "")
	status := func(want int, args ...string) string {
		out, _ := w.call(want, append([]string{"offline-kit", "status", "--format", "json"}, args...)...)
		require.True(t, schematest.Accepts(schema, out), out)
		return out
	}
	status(0)
	for _, version := range []string{"1", "2"} {
		w.call(0, "offline-kit", "build", "--name", "acme", "--channel", "stable", "--kit-version", version, "--label", "LTS",
			"--key", "ci.key", "--document", "sbom.json", "-o", "kit-"+version+".tar")
		w.call(0, "offline-kit", "import", "kit-"+version+".tar")
	}
	w.call(0, "offline-kit", "rollback", "--reason", "a try")
	w.call(3, "offline-kit", "import", "kit-2.tar")
	w.now = w.now.Add(9 * 24 * time.Hour)
	out := status(4, "--max-age", "1d")
	for _, member := range []string{`"previous"`, `"label"`, `"rollback"`, `"stale": true`, `"maxAgeSeconds"`, `"kitReport@v1"`, `"trust"`} {
		assert.Contains(t, strings.ReplaceAll(out, "stella.ops/", ""), member)
	}
	w.now = w.now.Add(9 * 24 * time.Hour)
	assert.Contains(t, status(0), `"usable": false`, "the trust has expired")
	for name, change := range map[string][2]string{
		"unknown member": {`"channels"`, `"x": 1, "channels"`},
		"no age":         {`"ageSeconds"`, `"age"`},
		"event":          {`"rollback"`, `"back"`},
		"stale":          {`"stale": true`, `"stale": 1`},
		"digest":         {`"manifestSha256": "`, `"manifestSha256": "A`},
	} {
		changed := strings.Replace(out, change[0], change[1], 1)
		require.NotEqual(t, out, changed, name)
		assert.False(t, schematest.Accepts(schema, changed), name)
	}
}
