package timeline

import (
	"bytes"
	_ "embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
)

//go:embed event.schema.json
var eventSchema string

// TestSchema holds the published schema to what is written and read.
func TestSchema(t *testing.T) {
	schema := schematest.Compile(t, eventSchema)
	line := string(read(t, made(t, 1)))
	bare := line[:strings.Index(line, `,"details"`)] + "}\n"
	for name, tt := range map[string]struct {
		line, old, new string
		good           bool
	}{
		"as written":       {line, "", "", true},
		"without content":  {bare, "", "", true},
		"unknown member":   {line, `"tenant"`, `"x":1,"tenant"`, false},
		"member missing":   {line, `"tenant":"",`, "", false},
		"version":          {line, `"v":1`, `"v":2`, false},
		"number zero":      {line, `"seq":1`, `"seq":0`, false},
		"id":               {line, `"event_id":"0`, `"event_id":"U`, false},
		"local time":       {line, `123Z"`, `123+01:00"`, false},
		"category":         {line, `"scanner"`, `"other"`, false},
		"no kind":          {line, `"scan.completed"`, `""`, false},
		"supersedes":       {line, `"supersedes":""`, `"supersedes":"01ARZ3NDEKTSV4RRFFQ69G5FAV"`, false},
		"notice of none":   {line, `"scan.completed"`, `"redaction_notice"`, false},
		"prev in capitals": {line, `"prev":"0`, `"prev":"A`, false},
		"details a list":   {line, `{"n":0}`, `[]`, false},
		"details alone":    {line, line[strings.Index(line, `,"salt"`) : len(line)-2], "", false},
		"salt":             {line, `"salt":"`, `"salt":"X`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(tt.line, tt.old, tt.new, 1)
			require.Equal(t, tt.old == "", text == tt.line)
			_, err := parseEvent(bytes.Clone([]byte(text)))
			assert.Equal(t, tt.good, err == nil, "parser: %v", err)
			assert.Equal(t, tt.good, schematest.Accepts(schema, text), "schema")
		})
	}
}
