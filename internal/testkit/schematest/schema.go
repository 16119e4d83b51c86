// Package schematest holds documents to published JSON Schemas in tests. What ships reads
// them by code of its own, and tests prove that both agree.
package schematest

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// Compile compiles a schema, whose formats are checked and not only notes.
func Compile(t testing.TB, text string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	require.NoError(t, err)
	return s
}

// Accepts reports whether a document is JSON that the schema takes.
func Accepts(s *jsonschema.Schema, document string) bool {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	return err == nil && s.Validate(v) == nil
}
