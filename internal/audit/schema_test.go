package audit

import (
	"bytes"
	_ "embed"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/testkit/schematest"
)

//go:embed record.schema.json
var recordSchema []byte

// TestSchema holds the published schema to what is written and read.
func TestSchema(t *testing.T) {
	schema := schematest.Compile(t, string(recordSchema))
	accepts := func(line []byte) bool { return schematest.Accepts(schema, string(line)) }

	path := logPath(t)
	write(t, path, 2)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	line := bytes.SplitAfter(text, []byte("\n"))[0]
	tests := map[string]struct {
		line []byte
		good bool
	}{
		"as written":       {line, true},
		"unknown member":   {bytes.Replace(line, []byte(`"tenant"`), []byte(`"x":1,"tenant"`), 1), false},
		"member missing":   {bytes.Replace(line, []byte(`"tenant":"",`), nil, 1), false},
		"another version":  {bytes.Replace(line, []byte(`"v":1`), []byte(`"v":2`), 1), false},
		"seq zero":         {bytes.Replace(line, []byte(`"seq":1`), []byte(`"seq":0`), 1), false},
		"seq a string":     {bytes.Replace(line, []byte(`"seq":1`), []byte(`"seq":"1"`), 1), false},
		"local time":       {bytes.Replace(line, []byte(`456Z"`), []byte(`456+01:00"`), 1), false},
		"no fraction":      {bytes.Replace(line, []byte(`.123456Z"`), []byte(`Z"`), 1), false},
		"unknown decision": {bytes.Replace(line, []byte(`"allowed"`), []byte(`"perhaps"`), 1), false},
		"negative count":   {bytes.Replace(line, []byte(`"subjectCount":1`), []byte(`"subjectCount":-1`), 1), false},
		"prev in capitals": {bytes.Replace(line, []byte(`"prev":"0`), []byte(`"prev":"A`), 1), false},
		"prev too short":   {bytes.Replace(line, []byte(`"prev":"0`), []byte(`"prev":"`), 1), false},
		"null":             {bytes.Replace(line, []byte(`"tenant":""`), []byte(`"tenant":null`), 1), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parseRecord(tt.line)
			assert.Equal(t, tt.good, err == nil, "parser: %v", err)
			assert.Equal(t, tt.good, accepts(tt.line), "schema")
		})
	}
}
