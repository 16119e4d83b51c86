package forensic

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
	"github.com/stellaops/stella/pkg/dsse"
)

//go:embed manifest.schema.json
var manifestSchema string

//go:embed predicate.schema.json
var predicateSchema string

// accepts reports whether our reader takes a manifest with all its entries.
func accepts(text string) bool {
	_, at, err := readManifest(strings.NewReader(text), int64(len(text)), nil)
	if err != nil {
		return false
	}
	n := 0
	for _, err := range manifestEntries(strings.NewReader(text), int64(len(text)), at) {
		if err != nil {
			return false
		}
		n++
	}
	return n > 0
}

// TestManifestSchema holds the published schema to what is written and read.
func TestManifestSchema(t *testing.T) {
	d := newDesk(t)
	inputs, tl := d.aCase()
	manifest := d.snapshot(d.options(tl), inputs...)[0].content
	schema := schematest.Compile(t, manifestSchema)
	for name, tt := range map[string]struct {
		old, new string
		good     bool
	}{
		"as written":      {"", "", true},
		"unknown member":  {`"kind"`, `"x":1,"kind"`, true},
		"unknown format":  {`snapshot@v1`, `snapshot@v2`, false},
		"bundle id":       {`"bundleId":"`, `"bundleId":"x`, false},
		"kind":            {`"export"`, `"other"`, false},
		"no case":         {`"case":"CASE-7"`, `"case":""`, false},
		"local time":      {`09:00:00Z`, `09:00:00+01:00`, false},
		"no metadata":     {`"metadata"`, `"meta"`, false},
		"algorithm":       {`"algorithm":"sha256"`, `"algorithm":"md5"`, false},
		"recipe":          {`rfc6962-sha256`, `other`, false},
		"root":            {`"merkleRoot":"`, `"merkleRoot":"A`, false},
		"checksums":       {`"checksums.txt"`, `"sums"`, false},
		"timeline head":   {`"head":"`, `"head":"x`, false},
		"digest":          {`"sha256":"`, `"sha256":"A`, false},
		"negative size":   {`"sizeBytes":7`, `"sizeBytes":-7`, false},
		"path leads out":  {`"files/evidence/app"`, `"files/../app"`, false},
		"path with space": {`"files/evidence/app"`, `"files/an app"`, false},
		"absolute path":   {`"files/evidence/app"`, `"/files/app"`, false},
		"no section":      {`"section":"files"`, `"section":""`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := manifest
			if tt.old != "" {
				text = strings.Replace(manifest, tt.old, tt.new, 1)
				require.NotEqual(t, manifest, text)
			}
			assert.Equal(t, tt.good, accepts(text), "reader")
			assert.Equal(t, tt.good, schematest.Accepts(schema, text), "schema")
		})
	}
}

func TestPredicateSchema(t *testing.T) {
	good := `{"bundleId":"0123456789ab4def8123456789abcdef","case":"c","createdAt":"2026-11-29T09:00:00Z","entries":1,"sizeBytes":2,` +
		`"merkle":{"recipe":"rfc6962-sha256","root":"` + strings.Repeat("0", 64) + `"},"timeline":{"events":1,"head":"` + strings.Repeat("0", 64) + `"}}`
	schema := schematest.Compile(t, predicateSchema)
	for name, tt := range map[string]struct {
		old, new string
		good     bool
	}{
		"as written":  {"", "", true},
		"bundle id":   {`"0123456789ab4`, `"0123456789ab5`, false},
		"no case":     {`"case":"c"`, `"case":""`, false},
		"recipe":      {"rfc6962", "other", false},
		"root":        {`"root":"0`, `"root":"A`, false},
		"head":        {`"head":"0`, `"head":"A`, false},
		"entries":     {`"entries":1`, `"entries":-1`, false},
		"no time":     {`"2026-11-29T09:00:00Z"`, `"yesterday"`, false},
		"size a text": {`"sizeBytes":2`, `"sizeBytes":"2"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(good, tt.old, tt.new, 1)
			_, err := parsePredicate(dsse.NewBlob(dsse.Bytes(`{"predicate":` + text + `}`)))
			assert.Equal(t, tt.good, err == nil, "reader: %v", err)
			assert.Equal(t, tt.good, schematest.Accepts(schema, text), "schema")
		})
	}
}

// FuzzManifest: nothing panics, and what is taken has entries that are.
func FuzzManifest(f *testing.F) {
	d := newDesk(f)
	inputs, tl := d.aCase()
	good := d.snapshot(d.options(tl), inputs...)[0].content
	f.Add(good)
	f.Add(strings.Replace(good, `"export"`, "3", 1))
	f.Add(strings.Replace(good, `,"entries":[`, ` , "entries" : [ `, 1))
	f.Add(good[:len(good)/2])
	f.Fuzz(func(t *testing.T, text string) {
		_, at, err := readManifest(strings.NewReader(text), int64(len(text)), nil)
		if err != nil {
			return
		}
		for e, err := range manifestEntries(strings.NewReader(text), int64(len(text)), at) {
			if err == nil && e.check() != nil {
				t.Errorf("entry %+v was taken", e)
			}
		}
	})
}

// FuzzChecksums: a line that is taken is written again as the same bytes.
func FuzzChecksums(f *testing.F) {
	sum := strings.Repeat("0", 64)
	f.Add("# root " + sum + "\n" + sum + "  files/a\n")
	f.Add("root " + sum + "\n" + sum + " *files/a\n")
	f.Add("# root " + sum)
	f.Fuzz(func(t *testing.T, text string) {
		for c := range checksums(strings.NewReader(text)) {
			if c.err != nil || c.n == 1 {
				continue
			}
			if got := string(appendChecksum(nil, &Entry{Path: c.path, SHA256: c.sum})); got != string(c.text) {
				t.Errorf("%q is written as %q", c.text, got)
			}
		}
	})
}
