package intoto_test

import (
	"bytes"
	"encoding/json/jsontext"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/stellaops/stella/internal/fault"
	"github.com/stellaops/stella/pkg/dsse"
	"github.com/stellaops/stella/pkg/dsse/intoto"
)

const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func statement(t testing.TB, predicate string) []byte {
	t.Helper()
	m, err := intoto.NewMessage("https://example.com/type", []intoto.Subject{
		{Name: "a \"quoted\" name", Digest: map[string]string{"sha512": strings.Repeat("0", 128), "sha256": digest}},
	}, dsse.Bytes(predicate))
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = m.WriteTo(&out)
	require.NoError(t, err)
	assert.EqualValues(t, out.Len(), m.Size())
	return out.Bytes()
}

func TestWriteAndParse(t *testing.T) {
	b := statement(t, `{"x":[1,2,{"y":null}]}`)
	s, err := intoto.ParseStatement(bytes.NewReader(b), nil)
	require.NoError(t, err)
	assert.Equal(t, intoto.StatementV1, s.Type)
	assert.Equal(t, "https://example.com/type", s.PredicateType)
	assert.Equal(t, `a "quoted" name`, s.Subjects[0].Name)
	assert.Equal(t, digest, s.Subjects[0].Digest["sha256"])

	canonical := jsontext.Value(bytes.Clone(b))
	require.NoError(t, canonical.Canonicalize())
	assert.Equal(t, string(canonical), string(b), "a statement is written in canonical form")
}

func TestPredicateCallback(t *testing.T) {
	var got string
	_, err := intoto.ParseStatement(bytes.NewReader(statement(t, `{"x":1}`)), func(d *jsontext.Decoder) error {
		v, err := d.ReadValue()
		got = string(v)
		return err
	})
	require.NoError(t, err)
	assert.Equal(t, `{"x":1}`, got)
}

func TestParseStatement(t *testing.T) {
	subject := `"subject":[{"name":"n","digest":{"sha256":"` + digest + `"}}]`
	head := `{"_type":"https://in-toto.io/Statement/v1","predicateType":"t",`
	tests := []struct{ name, in, want string }{
		{"v1", head + subject + `,"predicate":{}}`, ""},
		{"v0.1", strings.Replace(head, "v1", "v0.1", 1) + subject + `,"predicate":{}}`, ""},
		{"unknown members", head + subject + `,"predicate":{},"other":[1]}`, ""},
		{"resource descriptor", head + `"subject":[{"uri":"u","annotations":{},"digest":{"gitCommit":"ABC"}}],"predicate":{}}`, ""},
		{"empty", ``, "ends early"},
		{"truncated", head + subject, "ends early"},
		{"array", `[]`, "does not begin with"},
		{"unknown type", `{"_type":"x","predicateType":"t",` + subject + `,"predicate":{}}`, `unknown statement type "x"`},
		{"no predicate", head + subject + `}`, `"predicate" is missing`},
		{"predicate null", head + subject + `,"predicate":null}`, "not an object"},
		{"predicate string", head + subject + `,"predicate":"x"}`, "not an object"},
		{"no subjects", head + `"subject":[],"predicate":{}}`, "no subject"},
		{"no digest", head + `"subject":[{"name":"n","digest":{}}],"predicate":{}}`, "no digest"},
		{"upper-case hex", head + `"subject":[{"digest":{"sha256":"` + strings.ToUpper(digest) + `"}}],"predicate":{}}`, "lower-case hex"},
		{"short digest", head + `"subject":[{"digest":{"sha256":"e3"}}],"predicate":{}}`, "64 lower-case hex"},
		{"duplicate member", head + subject + `,` + subject + `,"predicate":{}}`, "duplicate"},
		{"duplicate in predicate", head + subject + `,"predicate":{"a":1,"a":2}}`, "duplicate"},
		{"case-folded", head + subject + `,"predicate":{},"PredicateType":"x"}`, `must be spelled "predicateType"`},
		{"case-folded digest", head + `"subject":[{"Digest":{}}],"predicate":{}}`, `must be spelled "digest"`},
		{"empty type", `{"_type":"https://in-toto.io/Statement/v1","predicateType":"",` + subject + `,"predicate":{}}`, "predicateType is empty"},
		{"trailing", head + subject + `,"predicate":{}} {}`, "content after"},
		{"deep", head + subject + `,"predicate":{"x":` + strings.Repeat("[", 600), "nested more than"},
		{"invalid UTF-8", head + subject + ",\"predicate\":{\"x\":\"\xff\"}}", "UTF-8"},
		{"long name", head + `"subject":[{"name":"` + strings.Repeat("n", 5000) + `"}],"predicate":{}}`, "longer than 4096"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := intoto.ParseStatement(strings.NewReader(tt.in), nil)
			if tt.want == "" {
				assert.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			assert.Equal(t, fault.StatementInvalid, fault.ReasonOf(err))
		})
	}
}

// A failure of the source is not called a malformed statement.
func TestSourceFailureKeepsItsReason(t *testing.T) {
	cause := fault.New(fault.InputChanged, "it changed")
	_, err := intoto.ParseStatement(iotest.ErrReader(cause), nil)
	assert.Equal(t, fault.InputChanged, fault.ReasonOf(err))
}

func TestTooManySubjects(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"t","predicate":{},"subject":[`)
	for range intoto.MaxSubjects {
		b.WriteString(`{"digest":{"x":"1"}},`)
	}
	b.WriteString(`{"digest":{"x":"1"}}]}`)
	_, err := intoto.ParseStatement(strings.NewReader(b.String()), nil)
	assert.ErrorContains(t, err, "more than 10000 elements")
}

func FuzzParseStatement(f *testing.F) {
	f.Add(statement(f, `{"x":1}`))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"t","subject":[{"digest":{"x":"1"}}],"predicate":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := intoto.ParseStatement(bytes.NewReader(b), nil)
		if err != nil {
			return
		}
		// What is accepted can be written again and means the same.
		m, err := intoto.NewMessage(s.PredicateType, s.Subjects, dsse.Bytes(`{}`))
		require.NoError(t, err)
		r := dsse.NewReader(m)
		defer r.Close()
		again, err := intoto.ParseStatement(r, nil)
		require.NoError(t, err)
		assert.Equal(t, s.PredicateType, again.PredicateType)
		assert.Equal(t, s.Subjects, again.Subjects)
	})
}
