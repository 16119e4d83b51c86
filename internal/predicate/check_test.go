package predicate_test

import (
	"bytes"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/internal/predicate"
	"github.com/stellaops/stella/internal/testkit/schematest"
)

// example returns the committed example of one of stella's own types.
func example(t testing.TB, predicateType string) []byte {
	t.Helper()
	name := predicate.SchemaName(predicateType)
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "predicates", name+".v1.json"))
	require.NoError(t, err)
	return b
}

func schemaOf(t testing.TB, predicateType string) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, string(predicate.Schema(predicateType)))
}

// values are what a mutation puts where a schema wants something else. Some
// are valid at some places.
func values() []string {
	long := func(n int) string { return `"` + strings.Repeat("é", n) + `"` }
	return []string{
		`null`, `true`, `0`, `-1`, `1.0`, `1.5`, `1e3`, `9007199254740991`, `9007199254740992`, `1e400`,
		`""`, `"x"`, `"X"`, `"a b"`, `"a/b"`, `"/b"`, `"a/"`, `"a/b/c"`, `"a b/c"`, `"a/b c"`, `"é"`, `"pass"`, `"PASS"`, `"fail"`, `"block"`,
		`"` + strings.Repeat("a", 64) + `"`, `"` + strings.Repeat("A", 64) + `"`, `"` + strings.Repeat("a", 65) + `"`, `"a/` + strings.Repeat("b", 255) + `"`,
		`"2026-11-23T08:00:00Z"`, `"2026-11-23T08:00:00.5Z"`, `"2026-11-23T08:00:00+00:00"`, `"2026-13-23T08:00:00Z"`, `"2026-11-23t08:00:00Z"`,
		`"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n"`, `"-----BEGIN PUBLIC KEY-----\nMC*w\n-----END PUBLIC KEY-----\n"`,
		`"-----BEGIN PRIVATE KEY-----\nMCow\n-----END PRIVATE KEY-----\n"`, `"-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n\n"`,
		`"lost"`, `"superseded"`, `"a\u0007b"`, `["up"]`, `["up","uv"]`, `["up","up"]`,
		`"sha256:` + digestA + `"`, `"sha512:` + digestA + `"`, long(256), long(257), `"` + strings.Repeat("u", 2048) + `"`, `"` + strings.Repeat("u", 2049) + `"`,
		`{}`, `{"x":1}`, `{"sha256":"` + digestA + `"}`, `{"name":"n"}`, `{"version":"n"}`,
		`[]`, `["a"]`, `["a","a"]`, `["a","b"]`, `[1]`, `[""]`, `[["a"]]`,
	}
}

// TestCheckAgreesWithSchema changes the examples in every way it can think of
// at every place, and asks both judges.
func TestCheckAgreesWithSchema(t *testing.T) {
	for _, typ := range predicate.Described() {
		t.Run(typ, func(t *testing.T) {
			schema := schemaOf(t, typ)
			base := jsontext.Value(example(t, typ))
			require.NoError(t, predicate.Check(typ, bytes.NewReader(base)))
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(base))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(doc))

			accepted, refused := 0, 0
			for _, m := range mutations(t, base) {
				doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(m))
				require.NoError(t, err, "%s", m)
				bySchema := schema.Validate(doc)
				byCheck := predicate.Check(typ, bytes.NewReader(m))
				assert.Equal(t, bySchema == nil, byCheck == nil, "%s\nschema: %v\ncheck: %v", m, bySchema, byCheck)
				if byCheck == nil {
					accepted++
					continue
				}
				refused++
				assert.Contains(t, []fault.Reason{fault.PredicateInvalid, fault.DecisionRequired}, fault.ReasonOf(byCheck))
			}
			assert.Greater(t, accepted, 3, "the strictest has few places for another value")
			assert.Greater(t, refused, 200)
		})
	}
}

// mutations returns v with each value replaced, each member removed, and one
// member added to each object.
func mutations(t *testing.T, v jsontext.Value) [][]byte {
	t.Helper()
	var out [][]byte
	for _, value := range values() {
		out = append(out, []byte(value))
	}
	switch v.Kind() {
	case '{':
		var members map[string]jsontext.Value
		require.NoError(t, json.Unmarshal(v, &members))
		for name, value := range members {
			for _, changed := range mutations(t, value) {
				members[name] = changed
				out = append(out, marshal(t, members))
			}
			delete(members, name)
			out = append(out, marshal(t, members))
			members[name] = value
		}
		members["extra"] = jsontext.Value(`1`)
		out = append(out, marshal(t, members))
	case '[':
		var elements []jsontext.Value
		require.NoError(t, json.Unmarshal(v, &elements))
		for i, value := range elements {
			for _, changed := range mutations(t, value) {
				elements[i] = changed
				out = append(out, marshal(t, elements))
			}
			elements[i] = value
		}
		for n := range 70 {
			out = append(out, marshal(t, append(slices.Clone(elements), numbered(n)...)))
		}
	}
	return out
}

func numbered(n int) []jsontext.Value {
	var out []jsontext.Value
	for i := range n {
		out = append(out, jsontext.Value(fmt.Sprintf(`"view %d"`, i)))
	}
	return out
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

func TestCheckOfOtherTypes(t *testing.T) {
	require.NoError(t, predicate.Check("https://example.com/x", strings.NewReader(`{"anything":[1]}`)))
	err := predicate.Check("https://example.com/x", strings.NewReader(`[]`))
	assert.Equal(t, fault.PredicateInvalid, fault.ReasonOf(err))
	err = predicate.Check(predicate.TypeReport, strings.NewReader(`{"decision":"pass","decision":"pass"}`))
	assert.Equal(t, fault.InputMalformed, fault.ReasonOf(err))
}

func TestCheckStatement(t *testing.T) {
	statement := func(predicate string) *strings.Reader {
		return strings.NewReader(`{"predicate":` + predicate + `,"predicateType":"stella.ops/report@v1","predicateX":1}`)
	}
	require.NoError(t, predicate.CheckStatement(predicate.TypeReport, statement(string(example(t, predicate.TypeReport)))))
	err := predicate.CheckStatement(predicate.TypeReport, statement(`{}`))
	assert.Equal(t, fault.DecisionRequired, fault.ReasonOf(err))
	err = predicate.CheckStatement(predicate.TypeReport, strings.NewReader(`{}`))
	assert.Equal(t, fault.PredicateInvalid, fault.ReasonOf(err))
}

func TestSchemaOfOtherTypes(t *testing.T) { assert.Nil(t, predicate.Schema("https://example.com/x")) }
